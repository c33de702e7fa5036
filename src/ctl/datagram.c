/* SPDX-License-Identifier: MIT */
/* `swimctl decode`: explains a captured datagram. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "wire/wire.h"

/* The largest datagram in hexadecimal, with a separator after every byte and line ends. */
#define TEXT_MAX ((size_t)WIRE_DATAGRAM_MAX * 4)

static int
datagram_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decode pairs of hexadecimal digits; white space and colons may stand between pairs.  False: the text is anything else. */
static bool
datagram_from_hex(const char *text, size_t len, unsigned char *out, size_t *out_len)
{
	size_t at = 0;

	*out_len = 0;
	while (at < len) {
		int high, low;

		if (text[at] != '\0' && strchr(" \t\r\n:", text[at]) != NULL) {
			at++;
			continue;
		}
		high = datagram_hex_digit(text[at]);
		low = at + 1 < len ? datagram_hex_digit(text[at + 1]) : -1;
		if (high < 0 || low < 0)
			return false;
		out[(*out_len)++] = (unsigned char)(high << 4 | low);
		at += 2;
	}
	return true;
}

/* Read standard input to its end, or up to TEXT_MAX + 1 bytes.  Returns the length or -errno. */
static ssize_t
datagram_read_input(char *out)
{
	size_t len = 0;

	while (len <= TEXT_MAX) {
		ssize_t n = read(STDIN_FILENO, out + len, TEXT_MAX + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static enum ctl_exit
datagram_explain(const struct ctl *ctl, const unsigned char *data, size_t len, char *text,
    size_t cap)
{
	struct wire_message message;
	enum wire_reject reject = wire_decode(data, len, &message);

	if (reject != WIRE_OK)
		return problem_fail(ctl, CTL_NO, "invalid", "not a valid datagram (%zu byte%s): %s",
		    len, len == 1 ? "" : "s", wire_reject_word(reject));
	wire_format(&message, text, cap);
	fprintf(ctl->out, "%s\n", text);
	/* wire_decode has checked the inner message too. */
	if (message.type == WIRE_AUTHENTICATED)
		return datagram_explain(ctl, message.inner, message.inner_len, text, cap);
	return CTL_OK;
}

enum ctl_exit
datagram_run(struct ctl *ctl)
{
	const size_t cap = (size_t)WIRE_DATAGRAM_MAX * 8;
	char *text = malloc(cap > TEXT_MAX + 1 ? cap : TEXT_MAX + 1);
	unsigned char *data = malloc(TEXT_MAX + 1);
	enum ctl_exit status;
	size_t len;
	ssize_t got;

	if (text == NULL || data == NULL) {
		status = problem_fail(ctl, CTL_NO, "failed", "out of memory");
		goto out;
	}
	if (ctl->args.operand_count > 0) {
		const char *hex = ctl->args.operands[0];

		if (strlen(hex) > TEXT_MAX || !datagram_from_hex(hex, strlen(hex), data, &len)) {
			status = problem_fail(ctl, CTL_USAGE, "usage",
			    "'%.40s' is not a datagram in hexadecimal, with two digits per byte",
			    hex);
			goto out;
		}
	} else {
		got = datagram_read_input(text);
		if (got < 0) {
			status = problem_fail(ctl, CTL_USAGE, "usage",
			    "cannot read standard input: %s", strerror((int)-got));
			goto out;
		}
		/* The first byte of a raw datagram is a message type, which is no hexadecimal digit, colon or white space. */
		if (!datagram_from_hex(text, (size_t)got, data, &len)) {
			len = (size_t)got;
			memcpy(data, text, len);
		}
	}
	status = datagram_explain(ctl, data, len, text, cap);
out:
	free(text);
	free(data);
	return status;
}
