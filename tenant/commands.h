/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of 'cloister'. Each takes its own arguments and gives the exit code. */
#ifndef TENANT_COMMANDS_H
#define TENANT_COMMANDS_H

/* Wrong usage, or a file of the tenant's own that cannot be read or written: no verdict at all. */
#define EXIT_USAGE 2

int command_verify(int argc, char **argv);
int command_verify_guest(int argc, char **argv);
int command_enrol(int argc, char **argv);
int command_hosts(int argc, char **argv);
int command_statement(int argc, char **argv);
int command_log(int argc, char **argv);
int command_firmware(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_guest(int argc, char **argv);
int command_guest_measure(int argc, char **argv);
int command_guest_bind(int argc, char **argv);

#endif
