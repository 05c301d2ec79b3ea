/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that one answer to a challenge is made of. */
#include "evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define UNAVAILABLE  503u
#define PURPOSE_ROOM 32u

static bool device_failed(struct failure *failure, const char *what, int error)
{
	if (error == -EKEYREVOKED)
		return failed_with(
			failure, UNAVAILABLE, "hypervisor-key-wiped", NULL,
			"the hypervisor has wiped its key (sleep or reset was requested): boot the host again");
	if (error == -ENODEV)
		return failed_with(
			failure, UNAVAILABLE, "hypervisor-gone", NULL,
			"the hypervisor is gone: the host was suspended and resumed without it; boot it again");
	return failed_with(failure, UNAVAILABLE, "hypervisor-failed", NULL, "%s: %s; see the host's kernel log", what,
			   strerror(-error));
}

/* Opens the device; -ENOENT in 'device' means that there is no hypervisor. */
static bool open_device(const struct sources *sources, int *device, struct failure *failure)
{
	*device = device_open(sources->device);
	if (*device >= 0 || *device == -ENOENT)
		return true;
	return device_failed(failure, sources->device, *device);
}

static bool read_tcg_log(const char *path, struct blob *log, struct failure *failure)
{
	const int error = file_read(path, TCG_LOG_MAX, log);

	if (error == 0 || error == -ENOENT)
		return true;
	return failed_with(failure, UNAVAILABLE, "tcg-log", NULL, "%s: %s", path, strerror(-error));
}

static bool read_hv_log(const struct sources *sources, struct blob *log, struct failure *failure)
{
	ssize_t length = -ENOMEM;
	int device;

	if (!open_device(sources, &device, failure))
		return false;
	if (device < 0)
		return true;
	log->data = malloc(HV_LOG_MAX);
	if (log->data)
		length = device_read(device, HV_OBJECT_LOG, log->data, HV_LOG_MAX);
	close(device);
	if (length < 0)
		return device_failed(failure, "the launch log", (int)length);
	log->bytes = (size_t)length;
	return true;
}

bool logs_read(const struct sources *sources, struct logs *logs, struct failure *failure)
{
	*logs = (struct logs){0};
	if (!read_tcg_log(sources->tcg_log, &logs->tcg.content, failure) ||
	    !read_hv_log(sources, &logs->hv.content, failure))
		return false;
	sha256(logs->tcg.content.data, logs->tcg.content.bytes, logs->tcg.sha256);
	sha256(logs->hv.content.data, logs->hv.content.bytes, logs->hv.sha256);
	return true;
}

void logs_free(struct logs *logs)
{
	blob_free(&logs->tcg.content);
	blob_free(&logs->hv.content);
}

bool statement_read(const struct sources *sources, struct hk_statement *statement, bool *present,
		    struct failure *failure)
{
	int device, error;

	if (!open_device(sources, &device, failure))
		return false;
	*present = device >= 0;
	if (device < 0)
		return true;
	error = device_read_exactly(device, HV_OBJECT_STATEMENT, statement, sizeof(*statement));
	close(device);
	return error == 0 || device_failed(failure, "the hypervisor's key statement", error);
}

static bool sign_fresh(const struct sources *sources, const uint8_t qualifying[SHA256_BYTES], struct hk_fresh *fresh,
		       struct failure *failure)
{
	int error = device_open(sources->device);

	if (error >= 0) {
		const int device = error;

		error = device_sign(device, qualifying, fresh);
		close(device);
	}
	return error == 0 || device_failed(failure, "the hypervisor's fresh signature", error);
}

int reports_open(const struct sources *sources, struct failure *failure)
{
	const int device = device_open(sources->device);

	if (device >= 0)
		return device;
	device_failed(failure, sources->device, device);
	return -1;
}

bool report_sign(int device, const struct report *report, struct hk_report *signed_report, bool *own,
		 struct failure *failure)
{
	const int error = device_quote(device, report, signed_report);

	*own = error == 0;
	return error == 0 || error == -EINVAL || device_failed(failure, "the signature of a guest's report", error);
}

static size_t append(uint8_t *text, size_t length, const void *data, size_t bytes)
{
	memcpy(text + length, data, bytes);
	return length + bytes;
}

void qualifying_data(const struct challenge *challenge, const struct logs *logs, const struct hk_statement *statement,
		     uint8_t out[SHA256_BYTES])
{
	uint8_t text[PURPOSE_ROOM + CHALLENGE_MAX_BYTES + 3 * SHA256_BYTES], of_statement[SHA256_BYTES];
	size_t length = append(text, 0, challenge->purpose, strlen(challenge->purpose));

	sha256(statement, statement ? sizeof(*statement) : 0, of_statement);
	length = append(text, length, challenge->data, challenge->bytes);
	length = append(text, length, logs->tcg.sha256, SHA256_BYTES);
	length = append(text, length, logs->hv.sha256, SHA256_BYTES);
	length = append(text, length, of_statement, SHA256_BYTES);
	sha256(text, length, out);
}

bool evidence_gather(const struct sources *sources, struct tpm *tpm, const struct challenge *challenge,
		     struct evidence *evidence, struct failure *failure)
{
	uint8_t qualifying[SHA256_BYTES];

	*evidence = (struct evidence){0};
	if (!logs_read(sources, &evidence->logs, failure) ||
	    !statement_read(sources, &evidence->statement, &evidence->hypervisor, failure))
		return false;
	qualifying_data(challenge, &evidence->logs, evidence->hypervisor ? &evidence->statement : NULL, qualifying);
	if (evidence->hypervisor && !sign_fresh(sources, qualifying, &evidence->fresh, failure))
		return false;
	return tpm_quote(tpm, qualifying, &evidence->quote, failure);
}

void evidence_free(struct evidence *evidence)
{
	logs_free(&evidence->logs);
}
