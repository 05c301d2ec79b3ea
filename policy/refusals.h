/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a verification and everything that one can refuse, as data: the texts that a person gets besides
 * expected and found values. Names are stable; programs rely on them.
 */
#ifndef POLICY_REFUSALS_H
#define POLICY_REFUSALS_H

/* X(enumerator, number, name, exit code) */
#define STEPS(X)                                \
	X(STEP_TRANSPORT, 0, "transport", 10)   \
	X(STEP_FORMAT, 1, "format", 11)         \
	X(STEP_IDENTITY, 2, "identity", 12)     \
	X(STEP_FRESHNESS, 3, "freshness", 13)   \
	X(STEP_SIGNATURE, 4, "signature", 14)   \
	X(STEP_COUNTERS, 5, "counters", 15)     \
	X(STEP_PCRS, 6, "pcrs", 16)             \
	X(STEP_FIRMWARE, 7, "firmware", 17)     \
	X(STEP_BOOT_PATH, 8, "boot-path", 18)   \
	X(STEP_HYPERVISOR, 9, "hypervisor", 19) \
	X(STEP_CONFIG, 9, "config", 20)         \
	X(STEP_KEY, 10, "hypervisor-key", 21)   \
	X(STEP_GUEST, 11, "guest", 22)

#define STEP_ENUM(enumerator, number, name, exit_code) enumerator,
enum step { STEPS(STEP_ENUM) STEP_COUNT };
#undef STEP_ENUM

/* Exit codes that no step has. */
#define EXIT_TRUSTED          0
#define EXIT_CONDITIONAL      3
#define EXIT_IDENTITY_UNKNOWN 23

/* What a tenant did not ask for: X(enumerator, name, text). */
#define CONDITIONS(X)                                                                                               \
	X(CONDITION_ANY_TPM, "any-tpm",                                                                             \
	  "any TPM was good enough (--any-tpm): nothing says which machine this is, or that its TPM is a real one") \
	X(CONDITION_FIRMWARE, "firmware-unchecked",                                                                 \
	  "the policy says \"unchecked\": nothing says that the firmware is its maker's")                           \
	X(CONDITION_GUEST, "guest-unchecked",                                                                       \
	  "the guest policy says \"unchecked\" of a register: nothing says that it holds what it should")

#define CONDITION_ENUM(enumerator, name, text) enumerator,
enum condition { CONDITIONS(CONDITION_ENUM) CONDITION_COUNT };
#undef CONDITION_ENUM

/* X(enumerator, step, name, likely cause, what to do next) */
#define REFUSALS_TRANSPORT(X)                                                                                      \
	X(REFUSE_NAME, STEP_TRANSPORT, "name-unknown",                                                             \
	  "the name is misspelt, or this machine's name service does not know it",                                 \
	  "check the address; then this machine's name service, with: getent hosts NAME")                          \
	X(REFUSE_ROUTE, STEP_TRANSPORT, "no-route",                                                                \
	  "this machine has no way to that address, or a firewall forbids it",                                     \
	  "check the address and this machine's network, with: ip route get ADDRESS")                              \
	X(REFUSE_CONNECTION, STEP_TRANSPORT, "connection-refused",                                                 \
	  "the host is there, and nothing listens at that port",                                                   \
	  "check the port (8180 by default); on the host: systemctl status attestd, and its --listen")             \
	X(REFUSE_TIMEOUT, STEP_TRANSPORT, "timeout",                                                               \
	  "the host is down, a firewall drops what is sent, or the host is slow",                                  \
	  "check that the host is up and its firewall open; or allow more time with --timeout")                    \
	X(REFUSE_PROXY, STEP_TRANSPORT, "proxy", "the proxy that the environment names cannot be used",            \
	  "check https_proxy and http_proxy; no_proxy=HOST asks the host directly")                                \
	X(REFUSE_TRANSPORT, STEP_TRANSPORT, "no-answer", "the connection ended before a whole answer had come",    \
	  "use https:// for a service with TLS; ask again; on the host: systemctl status attestd")                 \
	X(REFUSE_TLS, STEP_TRANSPORT, "tls-failed", "the host is there, and does not speak TLS 1.3 at that port",  \
	  "use http:// if its attestd runs with --plain-http; else check the port, and what is in between")        \
	X(REFUSE_TLS_CERTIFICATE, STEP_TRANSPORT, "tls-certificate",                                               \
	  "the host is there; the authorities of --cacert do not vouch for its certificate, or not for that name", \
	  "give the right authority and name; without --cacert, the evidence proves the key that attestd makes")   \
	X(REFUSE_TLS_PIN, STEP_TRANSPORT, "tls-pin",                                                               \
	  "attestd was restarted and has made another key, or something in between ends the connection",           \
	  "compare with the key in the host's log; give attestd a key that stays, with --tls-key")                 \
	X(REFUSE_OTHER_CHANNEL, STEP_TRANSPORT, "other-channel",                                                   \
	  "a proxy or a relay ends the connection: its TLS key is not the attestation service's",                  \
	  "ask the host directly; if you already do, an attacker may be in between")                               \
	X(REFUSE_TPM_LOCKOUT, STEP_TRANSPORT, "tpm-lockout",                                                       \
	  "the TPM refuses to work for a while: it lost its power without a warning several times",                \
	  "ask again after the time that the answer names; on the host: tpm2_dictionarylockout --clear-lockout")   \
	X(REFUSE_TPM, STEP_TRANSPORT, "tpm-failed", "the service is there, and its TPM cannot be used",            \
	  "on the host: journalctl -u attestd, and check that /dev/tpmrm0 is there")                               \
	X(REFUSE_BUSY, STEP_TRANSPORT, "host-busy",                                                                \
	  "the service is there, and has more requests than its TPM can serve",                                    \
	  "ask again after the time that the answer names")                                                        \
	X(REFUSE_HYPERVISOR_FAILED, STEP_TRANSPORT, "hypervisor-failed",                                           \
	  "the service is there, and the hypervisor does not answer it, or has wiped its key",                     \
	  "on the host: journalctl -k, then boot it again")                                                        \
	X(REFUSE_HTTP, STEP_TRANSPORT, "error-answer", "the attestation service refused the request",              \
	  "see its message; on the host: journalctl -u attestd")

#define REFUSALS_FORMAT(X)                                                                                           \
	X(REFUSE_ANSWER, STEP_FORMAT, "answer-malformed", "another service answers there, or another version of it", \
	  "check the address and the versions of attestd and of this tool")                                          \
	X(REFUSE_LOG_DIGEST, STEP_FORMAT, "log-digest", "the log was changed or cut on its way", "ask again")        \
	X(REFUSE_QUOTE_FORMAT, STEP_FORMAT, "quote-malformed", "not a TPM 2.0 attestation structure",                \
	  "check the versions of attestd and of this tool")                                                          \
	X(REFUSE_SIGNATURE_FORMAT, STEP_FORMAT, "signature-malformed", "the key is not an ECDSA P-256 key",          \
	  "update and restart attestd")                                                                              \
	X(REFUSE_AK_FORMAT, STEP_FORMAT, "ak-malformed", "the attestation key is not an ECC P-256 signing key",      \
	  "update and restart attestd")                                                                              \
	X(REFUSE_TCG_LOG, STEP_FORMAT, "tcg-log-malformed", "the firmware's log was changed, cut or overflowed",     \
	  "on the host: tpm2_eventlog /sys/kernel/security/tpm0/binary_bios_measurements")                           \
	X(REFUSE_HV_LOG, STEP_FORMAT, "launch-log-malformed", "the launch log was changed or cut",                   \
	  "check that attestd, loader and hypervisor are from one build")                                            \
	X(REFUSE_HV_LOG_SHAPE, STEP_FORMAT, "launch-log-shape", "the log is not one of a completed launch",          \
	  "check that attestd, loader and hypervisor are from one build")                                            \
	X(REFUSE_STATEMENT_FORMAT, STEP_FORMAT, "statement-malformed", "made by another version of the hypervisor",  \
	  "use the tool that came with the hypervisor's version")                                                    \
	X(REFUSE_FRESH_FORMAT, STEP_FORMAT, "fresh-malformed", "made by another version of the hypervisor",          \
	  "use the tool that came with the hypervisor's version")                                                    \
	X(REFUSE_PCRS_LONG, STEP_FORMAT, "pcr-list-long", "a TPM has 24 PCRs", "check the version of attestd")       \
	X(REFUSE_PCRS_DUPLICATE, STEP_FORMAT, "pcr-list-duplicate", "one PCR is given twice",                        \
	  "check the version of attestd")                                                                            \
	X(REFUSE_PCRS_ORDER, STEP_FORMAT, "pcr-list-order", "the PCRs are not in ascending order",                   \
	  "check the version of attestd")                                                                            \
	X(REFUSE_PCRS_SHORT, STEP_FORMAT, "pcr-list-short", "PCRs are missing", "check the version of attestd")      \
	X(REFUSE_PCRS_OTHER, STEP_FORMAT, "pcr-list-other", "PCRs are given that were not asked for",                \
	  "check the version of attestd")                                                                            \
	X(REFUSE_GUEST_EVIDENCE, STEP_FORMAT, "guest-evidence-malformed",                                            \
	  "not what a guest gets as its quote, or it was cut, or another version of attestd made it",                \
	  "let the guest read outblob again; check the versions of attestd and of this tool")                        \
	X(REFUSE_REPORT_FORMAT, STEP_FORMAT, "report-malformed", "made by another version of the hypervisor",        \
	  "use the tool that came with the hypervisor's version")

#define REFUSALS_QUOTE(X)                                                                                             \
	X(REFUSE_IDENTITY_UNKNOWN, STEP_IDENTITY, "identity-unknown",                                                 \
	  "this host was not enrolled, and the policy pins no key: a program with a key in a file could answer so",   \
	  "cloister enrol URL --name HOST --roots DIR; or put the key into the policy's identity.ak_names")           \
	X(REFUSE_AK_NAME, STEP_IDENTITY, "ak-name", "another machine answers, or its TPM was cleared or exchanged",   \
	  "if the machine's owner confirms the change, put the new name into the policy's identity.ak_names")         \
	X(REFUSE_AK_ENROLLED, STEP_IDENTITY, "ak-not-enrolled",                                                       \
	  "another machine answers under this name, or its TPM was cleared or exchanged",                             \
	  "if the machine's owner confirms the change: cloister enrol URL --name HOST --roots DIR --replace")         \
	X(REFUSE_AK_ATTRIBUTES, STEP_IDENTITY, "ak-attributes", "a key that can leave the TPM or sign anything",      \
	  "update and restart attestd")                                                                               \
	X(REFUSE_AK_SCHEME, STEP_IDENTITY, "ak-scheme", "the key signs with another scheme than ECDSA with SHA-256",  \
	  "update and restart attestd")                                                                               \
	X(REFUSE_AK_HIERARCHY, STEP_IDENTITY, "ak-hierarchy",                                                         \
	  "the key is not a primary key of the endorsement hierarchy", "update and restart attestd")                  \
	X(REFUSE_QUOTE_MAGIC, STEP_FRESHNESS, "quote-magic", "bytes that no TPM made, signed by a key that may",      \
	  "do not trust this host; look for what signs on it")                                                        \
	X(REFUSE_QUOTE_TYPE, STEP_FRESHNESS, "quote-type", "another kind of attestation in place of a quote",         \
	  "do not trust this host; look for what answers in place of attestd")                                        \
	X(REFUSE_QUALIFYING_LENGTH, STEP_FRESHNESS, "qualifying-length", "a quote that was made for something else",  \
	  "ask again; if it happens again, something answers in place of attestd")                                    \
	X(REFUSE_CHANNEL, STEP_FRESHNESS, "channel-missing", "the quote is for our nonce but for no channel",         \
	  "the host's service does not bind the channel: check its version")                                          \
	X(REFUSE_QUALIFYING, STEP_FRESHNESS, "qualifying-data",                                                       \
	  "an old quote replayed, or one for another nonce, channel or report, or a log or statement was changed",    \
	  "ask again; if it happens again, something answers in place of attestd")                                    \
	X(REFUSE_SIGNATURE_RANGE, STEP_SIGNATURE, "signature-range", "a forged signature: r or s is not in 1 to n-1", \
	  "do not trust this host")                                                                                   \
	X(REFUSE_AK_POINT, STEP_SIGNATURE, "ak-point", "the public key is not a point of the curve",                  \
	  "do not trust this host")                                                                                   \
	X(REFUSE_SIGNATURE, STEP_SIGNATURE, "signature-invalid",                                                      \
	  "the quote was changed, or was signed by the key of another TPM", "do not trust this host")                 \
	X(REFUSE_RESUMED, STEP_COUNTERS, "resumed", "the machine slept since the hypervisor was started",             \
	  "reboot the host: a launch does not survive sleep")                                                         \
	X(REFUSE_CLOCK_UNSAFE, STEP_COUNTERS, "clock-unsafe",                                                         \
	  "the TPM lost its power without a shutdown, so its clock may have gone back",                               \
	  "on the host, to go on at once: tpm2_setclock, see docs/protocol.md; or wait 70 minutes, and ask again")    \
	X(REFUSE_RESET_COUNT, STEP_COUNTERS, "reset-count",                                                           \
	  "a statement of another boot, a TPM that was reset alone, or an attestation key in the owner hierarchy",    \
	  "reboot the host; if that does not help, update and restart attestd")                                       \
	X(REFUSE_RESTART_COUNT, STEP_COUNTERS, "restart-count", "a statement of another boot", "reboot the host")     \
	X(REFUSE_RESET_BACK, STEP_COUNTERS, "reset-count-back",                                                       \
	  "the TPM's memory was put back to an earlier state, or the TPM was cleared",                                \
	  "if the machine's owner cleared the TPM: cloister enrol --replace; else do not trust this host")            \
	X(REFUSE_CLOCK_BACK, STEP_COUNTERS, "clock-back",                                                             \
	  "the TPM's memory was put back to an earlier state, or the TPM was cleared",                                \
	  "if the machine's owner cleared the TPM: cloister enrol --replace; else do not trust this host")            \
	X(REFUSE_BOOT_ID, STEP_COUNTERS, "boot-id",                                                                   \
	  "a hypervisor's key of another boot, or two starts of it in one boot of the TPM", "reboot the host")        \
	X(REFUSE_TPM_FIRMWARE_BACK, STEP_COUNTERS, "tpm-firmware-back",                                               \
	  "the TPM's firmware was put back to an earlier version, which may have known defects",                      \
	  "update the TPM's firmware; if the machine's owner confirms the version: cloister enrol --replace")         \
	X(REFUSE_POLICY_BACK, STEP_COUNTERS, "policy-serial-back",                                                    \
	  "an earlier policy than the one that was used for this host before",                                        \
	  "get the present policy from its maker")

/* Of an enrolment; REFUSE_KEY_DENIED of every verification, too. */
#define REFUSALS_ENROL(X)                                                                                              \
	X(REFUSE_KEY_DENIED, STEP_IDENTITY, "key-denied", "the key is on your list of denied keys",                    \
	  "do not trust this host; see the file denied in the store")                                                  \
	X(REFUSE_EK_FORM, STEP_IDENTITY, "ek-form", "the endorsement key is of another template, or is none",          \
	  "check the version of attestd; see attestd --ek")                                                            \
	X(REFUSE_EK_NO_CERTIFICATE, STEP_IDENTITY, "ek-without-certificate",                                           \
	  "the TPM has no certificate, or its maker gives it out over the network only",                               \
	  "get the certificate from the TPM's maker, and give it to attestd (--ek-certificates) or to --certificates") \
	X(REFUSE_EK_CERTIFICATE, STEP_IDENTITY, "ek-certificate-malformed", "no certificate can be read",              \
	  "on the host: tpm2_getekcertificate")                                                                        \
	X(REFUSE_EK_KEY, STEP_IDENTITY, "ek-certificate-of-another-key",                                               \
	  "the certificates are another TPM's, or of the TPM's other endorsement key", "see attestd --ek")             \
	X(REFUSE_EK_USAGE, STEP_IDENTITY, "ek-usage", "a certificate that was made for something else",                \
	  "do not trust this host; look for where its certificate comes from")                                         \
	X(REFUSE_EK_CHAIN, STEP_IDENTITY, "ek-chain",                                                                  \
	  "a maker that you do not trust, or a certificate between is missing",                                        \
	  "get the missing one from the maker and give it with --certificates, or the root with --roots")              \
	X(REFUSE_EK_SIGNATURE, STEP_IDENTITY, "ek-signature", "a forged or damaged certificate, or a weak signature",  \
	  "do not trust this host")                                                                                    \
	X(REFUSE_EK_EXPIRED, STEP_IDENTITY, "ek-expired", "a certificate is too old",                                  \
	  "check this computer's clock; ask the TPM's maker for a new certificate")                                    \
	X(REFUSE_EK_NOT_YET, STEP_IDENTITY, "ek-not-yet-valid", "a certificate from the future",                       \
	  "check this computer's clock")                                                                               \
	X(REFUSE_EK_REVOKED, STEP_IDENTITY, "ek-revoked", "its maker says that the key must not be trusted any more",  \
	  "do not trust this host")                                                                                    \
	X(REFUSE_EK_CRL, STEP_IDENTITY, "ek-crl",                                                                      \
	  "a list of revocations is missing, out of date, or another issuer's",                                        \
	  "get the present lists of every authority in the chain, for the folder of --crls")                           \
	X(REFUSE_CREDENTIAL, STEP_IDENTITY, "credential", "the attestation key is not in the TPM of the certificate",  \
	  "do not trust this host: a software key may answer there")                                                   \
	X(REFUSE_EK_REPLACED, STEP_IDENTITY, "host-with-another-tpm",                                                  \
	  "another machine answers under this name, or its TPM or board was exchanged",                                \
	  "if the machine's owner confirms the change: cloister enrol --replace")                                      \
	X(REFUSE_AK_REPLACED, STEP_IDENTITY, "host-with-another-key",                                                  \
	  "the endorsement hierarchy was cleared, or attestd is of another version",                                   \
	  "if the machine's owner confirms the change: cloister enrol --replace")                                      \
	X(REFUSE_EK_ELSEWHERE, STEP_IDENTITY, "tpm-of-another-host",                                                   \
	  "one machine answers under two names: the address leads to another host, or the host got a new name",        \
	  "if the machine's owner confirms the new name: cloister hosts forget OLD-NAME, then enrol again")

#define REFUSALS_PCRS(X)                                                                                               \
	X(REFUSE_PCR_BANK, STEP_PCRS, "pcr-bank", "the quote is over another bank than SHA-256",                       \
	  "check the version of attestd; switch the TPM's SHA-256 bank on in the firmware")                            \
	X(REFUSE_PCR_SELECTION, STEP_PCRS, "pcr-selection", "the quote does not cover exactly the PCRs of the policy", \
	  "check the version of attestd")                                                                              \
	X(REFUSE_PCR_DIGEST, STEP_PCRS, "pcr-digest", "PCR values were changed, or a PCR was extended meanwhile",      \
	  "ask again; if it happens again, do not trust this host")                                                    \
	X(REFUSE_SEPARATOR, STEP_PCRS, "separator-missing",                                                            \
	  "the firmware did not measure into this bank, so anybody could have written it",                             \
	  "update the firmware, or switch the SHA-256 bank on in its setup")                                           \
	X(REFUSE_SEPARATOR_LATE, STEP_PCRS, "separator-late",                                                          \
	  "the bank was filled after the firmware, or the log was put into another order",                             \
	  "do not trust this host; switch the SHA-256 bank on in its firmware's setup")                                \
	X(REFUSE_SEPARATOR_ERROR, STEP_PCRS, "separator-error",                                                        \
	  "the firmware failed to measure something and went on", "on the host: tpm2_eventlog; update the firmware")   \
	X(REFUSE_FIRMWARE_UNMEASURED, STEP_PCRS, "firmware-not-measured",                                              \
	  "the firmware did not measure itself, so anybody could have filled this bank",                               \
	  "switch the SHA-256 bank on in the firmware's setup; update the firmware")                                   \
	X(REFUSE_PCR_NO_EVENT, STEP_PCRS, "pcr-without-event", "something extended this PCR and logged nothing",       \
	  "find the program that extends it; reboot")                                                                  \
	X(REFUSE_PCR_REPLAY, STEP_PCRS, "pcr-replay", "the log was changed, or something extended a PCR without it",   \
	  "on the host: systemd-pcrlock log; reboot")

#define REFUSALS_FIRMWARE(X)                                                                                          \
	X(REFUSE_FIRMWARE_UNKNOWN, STEP_FIRMWARE, "firmware-unknown",                                                 \
	  "the policy has no rules for this machine's firmware",                                                      \
	  "where you trust the machine now: cloister firmware learn; or \"firmware\": \"unchecked\"")                 \
	X(REFUSE_FIRMWARE_CODE, STEP_FIRMWARE, "firmware-code", "the firmware was updated or changed",                \
	  "see what changed: cloister firmware diff; if its maker confirms it, add what firmware learn writes")       \
	X(REFUSE_STARTUP_LOCALITY, STEP_FIRMWARE, "startup-locality",                                                 \
	  "another part of the platform started the TPM and measured first (TXT, Boot Guard, PSP on or off)",         \
	  "see what changed: cloister firmware diff; switch it back in the setup, or add what firmware learn writes") \
	X(REFUSE_DRIVER, STEP_FIRMWARE, "driver-before-loader",                                                       \
	  "a driver ran before the loader: of a device, or of the EFI variables Driver####",                          \
	  "on the host: efibootmgr -r; remove the device's option ROM; or add it: cloister firmware learn")           \
	X(REFUSE_FIRMWARE_KIND, STEP_FIRMWARE, "firmware-event-type", "the firmware or its setup changed",            \
	  "see what changed: cloister firmware diff")                                                                 \
	X(REFUSE_SECURE_BOOT, STEP_FIRMWARE, "secure-boot-state", "Secure Boot was switched in the firmware's setup", \
	  "switch it back; or change secure_boot.enabled in the policy's rules")                                      \
	X(REFUSE_SECURE_BOOT_DATA, STEP_FIRMWARE, "secure-boot-data",                                                 \
	  "the log names another variable than was measured",                                                         \
	  "do not trust this host; or list the event in secure_boot.other_events")                                    \
	X(REFUSE_SECURE_BOOT_EVENTS, STEP_FIRMWARE, "secure-boot-events",                                             \
	  "the firmware measures other events of Secure Boot than the rules say",                                     \
	  "see what changed: cloister firmware diff; if its maker confirms it, add what firmware learn writes")       \
	X(REFUSE_SECURE_BOOT_ENTRY, STEP_FIRMWARE, "secure-boot-entry", "keys of Secure Boot were added or removed",  \
	  "restore them in the firmware's setup; or change secure_boot in the policy's rules")

#define REFUSALS_LAUNCH(X)                                                                                            \
	X(REFUSE_LOADER_MISSING, STEP_BOOT_PATH, "loader-missing",                                                    \
	  "the firmware started something else, or the loader is of another build",                                   \
	  "make loader.efi the first boot entry; or use the policy of the installed build (make reference)")          \
	X(REFUSE_FOREIGN_PROGRAM, STEP_BOOT_PATH, "foreign-program", "another program ran before Cloister's loader",  \
	  "make loader.efi the first boot entry, and find out where the other program comes from")                    \
	X(REFUSE_SHIM_ORDER, STEP_BOOT_PATH, "shim-order",                                                            \
	  "shim started something before, or in place of, the loader",                                                \
	  "let shim start loader.efi directly (as grubx64.efi beside it)")                                            \
	X(REFUSE_LOADER_NOT_RUN, STEP_BOOT_PATH, "loader-not-run",                                                    \
	  "the loader was measured and not run, or is older than this policy",                                        \
	  "make loader.efi of this build the first boot entry, and see its message on the host's console")            \
	X(REFUSE_NO_HYPERVISOR, STEP_HYPERVISOR, "no-hypervisor", "the host was booted without Cloister",             \
	  "boot the host through Cloister's loader")                                                                  \
	X(REFUSE_LAUNCH_FAILED, STEP_HYPERVISOR, "launch-failed", "the loader could not start the hypervisor",        \
	  "see the loader's message on the host's console or serial port")                                            \
	X(REFUSE_IMAGE, STEP_HYPERVISOR, "hypervisor-unknown",                                                        \
	  "the hypervisor's image was changed, or is of another build",                                               \
	  "install the image again, or use the policy of the installed build (make reference)")                       \
	X(REFUSE_REFERENCE, STEP_HYPERVISOR, "hypervisor-differs",                                                    \
	  "the policy says something else of this image than the image itself",                                       \
	  "make the policy again (make reference)")                                                                   \
	X(REFUSE_SVN, STEP_HYPERVISOR, "svn-low", "an old hypervisor with known defects", "update the host")          \
	X(REFUSE_DEBUG, STEP_HYPERVISOR, "debug-build", "a debug image: it writes what guests do to the serial port", \
	  "install the release image; or allow_debug in the policy, for tests")                                       \
	X(REFUSE_DMA, STEP_HYPERVISOR, "dma-remapping-off", "no IOMMU translates: devices can write the hypervisor",  \
	  "switch the IOMMU (VT-d, AMD-Vi) on in the firmware's setup")                                               \
	X(REFUSE_DMA_PARTIAL, STEP_HYPERVISOR, "dma-remapping-partial",                                               \
	  "devices reach memory that must be blocked to them", "see the hypervisor's log; update the hypervisor")     \
	X(REFUSE_SMT, STEP_HYPERVISOR, "smt-exposed",                                                                 \
	  "the CPU has SMT on and known leaks between siblings: the root guest could read the hypervisor's key",      \
	  "switch SMT (Hyper-Threading) off in the firmware's setup; or allow_smt_exposed in the policy")             \
	X(REFUSE_FLOOR, STEP_HYPERVISOR, "floor-open",                                                                \
	  "the hypervisor does not know each register of this platform that moves memory or puts it to sleep",        \
	  "use a platform that docs/ lists; or require_floor_closed = false in the policy")                           \
	X(REFUSE_NO_TPM, STEP_HYPERVISOR, "no-tpm", "the hypervisor was started with require_tpm = no",               \
	  "require_tpm = yes in the host's config")                                                                   \
	X(REFUSE_CONFIG, STEP_CONFIG, "config-unknown", "the host's cloister.conf is not one that the policy knows",  \
	  "restore the file on the host, or add it to the policy (make reference CONFIG=FILE)")

#define REFUSALS_KEY(X)                                                                                                \
	X(REFUSE_STATEMENT_MISSING, STEP_KEY, "statement-missing", "the host withholds the hypervisor's statement",    \
	  "on the host: check that the module of /dev/cloister is loaded")                                             \
	X(REFUSE_KEY_PCR_RESET, STEP_KEY, "key-not-measured", "PCR 19 was never extended: no hypervisor key was made", \
	  "reboot the host through Cloister's loader")                                                                 \
	X(REFUSE_STATEMENT_EARLIER, STEP_KEY, "statement-of-earlier-boot", "a statement kept from an earlier boot",    \
	  "do not trust this host")                                                                                    \
	X(REFUSE_STATEMENT_FOREIGN, STEP_KEY, "statement-foreign", "a statement of another host, or a changed one",    \
	  "do not trust this host")                                                                                    \
	X(REFUSE_STATEMENT_SIGNATURE, STEP_KEY, "statement-signature", "the statement is not signed by its own key",   \
	  "do not trust this host")                                                                                    \
	X(REFUSE_STATEMENT_IMAGE, STEP_KEY, "statement-image", "the statement names another image than was measured",  \
	  "do not trust this host")                                                                                    \
	X(REFUSE_STATEMENT_CONFIG, STEP_KEY, "statement-config",                                                       \
	  "the statement names another config than was measured", "do not trust this host")                            \
	X(REFUSE_BINDING, STEP_KEY, "binding-differs", "the launch log and the statement speak of different bindings", \
	  "do not trust this host")                                                                                    \
	X(REFUSE_WEAK_BINDING, STEP_KEY, "weak-binding", "the host's TPM has no locality 2, so PCR 14 was used",       \
	  "use a host with a TPM that has localities; or allow_weak_binding in the policy")                            \
	X(REFUSE_STRONG_FIRST, STEP_KEY, "strong-binding-order",                                                       \
	  "the loader launched another image, under the weak binding, which then made up PCRs 17 to 19",               \
	  "do not trust this host; look at cloister.conf and the images on its disk")                                  \
	X(REFUSE_WEAK_FIRST, STEP_KEY, "weak-binding-order",                                                           \
	  "something else was launched or extended PCR 14 first, and then made up this launch",                        \
	  "make loader.efi the first boot entry; do not trust this host before")                                       \
	X(REFUSE_FRESH_MISSING, STEP_KEY, "fresh-missing", "the hypervisor is gone, or the host does not ask it",      \
	  "on the host: check that the module of /dev/cloister is loaded; reboot")                                     \
	X(REFUSE_FRESH_QUALIFYING, STEP_KEY, "fresh-qualifying-data", "an old fresh answer, or one for another nonce", \
	  "ask again; if it happens again, do not trust this host")                                                    \
	X(REFUSE_FRESH_SIGNATURE, STEP_KEY, "fresh-signature", "signed by another hypervisor's key, or changed",       \
	  "do not trust this host")                                                                                    \
	X(REFUSE_FRESH_BOOT, STEP_KEY, "fresh-boot-id", "an answer of another boot", "do not trust this host")         \
	X(REFUSE_FRESH_FLAGS, STEP_KEY, "fresh-flags", "the answer and the statement are of different hypervisors",    \
	  "do not trust this host")                                                                                    \
	X(REFUSE_FRESH_DMA, STEP_KEY, "fresh-dma-off", "DMA remapping was on at the launch and is not now",            \
	  "reboot the host; see the hypervisor's log")                                                                 \
	X(REFUSE_FRESH_CPUS, STEP_KEY, "fresh-cpus", "a CPU was parked by a crash, or runs outside the hypervisor",    \
	  "see the hypervisor's log for the crash record; reboot the host")

#define REFUSALS_REPORT(X)                                                                                           \
	X(REFUSE_REPORT_SIGNATURE, STEP_GUEST, "report-signature",                                                   \
	  "the report was changed, or is of another host or of another boot", "do not trust this guest")             \
	X(REFUSE_REPORT_BOOT, STEP_GUEST, "report-boot-id", "a report of another boot",                              \
	  "let the guest get its quote again; if it happens again, do not trust this guest")                         \
	X(REFUSE_REPORT_VALID, STEP_GUEST, "report-fields", "made by another version of the hypervisor",             \
	  "use the tool that came with the hypervisor's version")                                                    \
	X(REFUSE_REPORT_SVN, STEP_GUEST, "report-svn", "the report and the statement are of different hypervisors",  \
	  "do not trust this guest")                                                                                 \
	X(REFUSE_REPORT_IMAGE, STEP_GUEST, "report-hypervisor",                                                      \
	  "the report names another hypervisor (MRSEAM) than the statement", "do not trust this guest")              \
	X(REFUSE_REPORT_SIGNER, STEP_GUEST, "report-signer",                                                         \
	  "a report of another module than Cloister (MRSIGNERSEAM)", "do not trust this guest")                      \
	X(REFUSE_REPORT_RESERVED, STEP_GUEST, "report-reserved",                                                     \
	  "made by a version of the hypervisor that says more than this tool can judge",                             \
	  "use the tool that came with the hypervisor's version")                                                    \
	X(REFUSE_REPORT_SERVTD, STEP_GUEST, "report-service-td",                                                     \
	  "another guest is bound to this one, which Cloister does not do", "do not trust this guest")               \
	X(REFUSE_REPORT_WIDTH, STEP_GUEST, "report-address-width", "made by another version of the hypervisor",      \
	  "use the tool that came with the hypervisor's version")                                                    \
	X(REFUSE_REPORT_START, STEP_GUEST, "report-start", "the report is newer than the quote that vouches for it", \
	  "let the guest get its quote again; if it happens again, do not trust this guest")                         \
	X(REFUSE_REPORT_DATA, STEP_GUEST, "report-data",                                                             \
	  "a quote for another nonce, or the guest binds other bytes, such as another key",                          \
	  "send the guest a new nonce; give the bytes that it binds with --bound")

#define REFUSALS_GUEST(X)                                                                                           \
	X(REFUSE_GUEST_MRTD, STEP_GUEST, "guest-mrtd", "the guest started with other firmware",                     \
	  "start the guest with the firmware that was measured; or add the value to mrtd in the guest policy")      \
	X(REFUSE_GUEST_RTMR0, STEP_GUEST, "guest-rtmr0",                                                            \
	  "the firmware was given another configuration: memory, CPUs, ACPI tables or variables",                   \
	  "compare the VMM's command line; or add the value to rtmr0 in the guest policy")                          \
	X(REFUSE_GUEST_RTMR1, STEP_GUEST, "guest-rtmr1", "another boot loader or kernel was started",               \
	  "start the guest with the kernel that was measured; or add the value to rtmr1 in the guest policy")       \
	X(REFUSE_GUEST_RTMR2, STEP_GUEST, "guest-rtmr2", "another initrd or another kernel command line",           \
	  "start the guest with what was measured; or add the value to rtmr2 in the guest policy")                  \
	X(REFUSE_GUEST_RTMR3, STEP_GUEST, "guest-rtmr3", "something in the guest extended this register since",     \
	  "find out what extends it; or add the value to rtmr3 in the guest policy")                                \
	X(REFUSE_GUEST_MRCONFIGID, STEP_GUEST, "guest-mrconfigid", "the VMM was given another mrconfigid",          \
	  "compare the VMM's command line with mrconfigid in the guest policy")                                     \
	X(REFUSE_GUEST_MROWNER, STEP_GUEST, "guest-mrowner", "the VMM was given another mrowner",                   \
	  "compare the VMM's command line with mrowner in the guest policy")                                        \
	X(REFUSE_GUEST_MROWNERCONFIG, STEP_GUEST, "guest-mrownerconfig", "the VMM was given another mrownerconfig", \
	  "compare the VMM's command line with mrownerconfig in the guest policy")                                  \
	X(REFUSE_GUEST_CPUID, STEP_GUEST, "guest-cpuid", "the guest sees another CPU",                              \
	  "run the guest on a host with that CPU; or change cpuid_sha384 in the guest policy")                      \
	X(REFUSE_GUEST_DEBUG, STEP_GUEST, "guest-debug", "the VMM asked for a guest that its host can read",        \
	  "start the guest without debug; or allow_debug in the guest policy, for tests")                           \
	X(REFUSE_GUEST_ATTRIBUTES, STEP_GUEST, "guest-attributes", "the VMM asked for other attributes",            \
	  "compare the VMM's command line with attributes in the guest policy")                                     \
	X(REFUSE_GUEST_XFAM, STEP_GUEST, "guest-xfam", "the guest has other features of the CPU's state",           \
	  "compare the VMM's CPU model; or add the value to xfam in the guest policy")                              \
	X(REFUSE_GUEST_LAZY, STEP_GUEST, "guest-lazy-acceptance",                                                   \
	  "the guest's firmware asked for pages that need no acceptance",                                           \
	  "start the guest without lazy acceptance; or allow_lazy_acceptance in the guest policy")                  \
	X(REFUSE_GUEST_VCPUS, STEP_GUEST, "guest-vcpus", "the VMM gave the guest another number of vCPUs",          \
	  "start the guest with fewer vCPUs; or change max_vcpus in the guest policy")                              \
	X(REFUSE_GUEST_REMOVED, STEP_GUEST, "guest-removed-pages", "the host took memory from the guest",           \
	  "start the guest without a balloon; or allow_removed_pages in the guest policy")                          \
	X(REFUSE_GUEST_VECTORS, STEP_GUEST, "guest-vectors",                                                        \
	  "the hypervisor lets the host raise interrupts that the policy does not expect",                          \
	  "compare first_vector and last_vector in the guest policy with the hypervisor's version")

#define REFUSALS(X)           \
	REFUSALS_TRANSPORT(X) \
	REFUSALS_FORMAT(X)    \
	REFUSALS_QUOTE(X)     \
	REFUSALS_ENROL(X)     \
	REFUSALS_PCRS(X)      \
	REFUSALS_FIRMWARE(X)  \
	REFUSALS_LAUNCH(X)    \
	REFUSALS_KEY(X)       \
	REFUSALS_REPORT(X)    \
	REFUSALS_GUEST(X)

#define REFUSAL_ENUM(enumerator, step, name, cause, next) enumerator,
enum refusal_code { REFUSALS(REFUSAL_ENUM) REFUSAL_COUNT };
#undef REFUSAL_ENUM

#endif
