/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader measures, into which PCRs, and by which labels its events are known (docs/protocol.md, "Launch log").
 * All events are EV_IPL. An event's data begins with its label and a NUL; a mark is measured by these bytes alone.
 */
#ifndef CLOISTER_LAUNCH_LOG_H
#define CLOISTER_LAUNCH_LOG_H

#define LAUNCH_PCR_BOOT   4u  /* the firmware's, for boot programs: the loader's own mark */
#define LAUNCH_PCR_WEAK   14u /* which binding; under the weak one, the launch itself */
#define LAUNCH_PCR_STRONG 17u /* image; then config in 18, statement in 19 */

/* The three events of a launch, in order; under the strong binding, one PCR for each. */
#define LAUNCH_LABEL_IMAGE     "cloister-image"
#define LAUNCH_LABEL_CONFIG    "cloister-config"
#define LAUNCH_LABEL_STATEMENT "cloister-statement"
#define LAUNCH_EVENT_COUNT     3u

#define LAUNCH_MARK_LOADER "cloister-loader" /* the loader runs */
#define LAUNCH_MARK_STRONG "cloister-strong" /* first in PCR 14, before a launch under the strong binding */
#define LAUNCH_MARK_WEAK   "cloister-weak"   /* the same under the weak one, and in PCRs 17 to 19 */
#define LAUNCH_MARK_ERROR  "cloister-error"  /* a launch failed; also the label of the error's text */

/* The PCRs that a quote covers, in ascending order. */
#define LAUNCH_QUOTED_PCRS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(14) X(17) X(18) X(19)

#endif
