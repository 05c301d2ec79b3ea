/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates of a policy. Computed here, since the C library's functions know the zone of the machine they run on. */
#include "policy/date.h"

#include <stdio.h>
#include <string.h>

#define DAY_S     86400
#define YEAR_MAX  9999
#define DAYS_400Y 146097 /* 400 years of the Gregorian calendar */

struct civil {
	int year, month, day, hour, minute, second;
};

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1 January of the year 0 to that of 'year', which is not negative. */
static int64_t days_before_year(int year)
{
	const int64_t y = year;

	return y * 365 + (y + 3) / 4 - (y + 99) / 100 + (y + 399) / 400;
}

static int64_t days_of(const struct civil *c)
{
	int64_t days = days_before_year(c->year) - days_before_year(1970) + c->day - 1;

	for (int month = 1; month < c->month; month++)
		days += days_of_month(c->year, month);
	return days;
}

static bool is_civil(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days_of_month(c->year, c->month) &&
	       c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

/* The digits where "0000-00-00T00:00:00Z" has zeros; everything else as it is there. */
static bool read_digits(const char *text, int numbers[6])
{
	static const char form[] = "0000-00-00T00:00:00Z";
	int number = -1;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		const bool digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] != '0' ? text[i] != form[i] : !digit)
			return false;
		if (form[i] != '0')
			continue;
		if (i == 0 || form[i - 1] != '0')
			numbers[++number] = 0;
		numbers[number] = numbers[number] * 10 + (text[i] - '0');
	}
	return true;
}

bool date_parse(const char *text, int64_t *seconds)
{
	int n[6] = {0};

	*seconds = 0;
	if (!read_digits(text, n))
		return false;
	const struct civil c = {n[0], n[1], n[2], n[3], n[4], n[5]};
	if (!is_civil(&c))
		return false;
	*seconds = days_of(&c) * DAY_S + c.hour * 3600 + c.minute * 60 + c.second;
	return true;
}

void date_text(int64_t seconds, char text[DATE_BYTES])
{
	const int64_t first = -days_before_year(1970) * DAY_S;
	const int64_t end = first + days_before_year(YEAR_MAX + 1) * DAY_S;
	struct civil c = {.year = 0, .month = 1};

	if (seconds < first || seconds >= end) {
		snprintf(text, DATE_BYTES, "out of range");
		return;
	}
	int64_t days = (seconds - first) / DAY_S;
	const int clock = (int)((seconds - first) % DAY_S);
	c.year = (int)(days * 400 / DAYS_400Y);
	while (c.year > 0 && days_before_year(c.year) > days)
		c.year--;
	while (days_before_year(c.year + 1) <= days)
		c.year++;
	days -= days_before_year(c.year);
	for (; days >= days_of_month(c.year, c.month); c.month++)
		days -= days_of_month(c.year, c.month);
	snprintf(text, DATE_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)c.year % 10000, (unsigned)c.month % 100,
		 ((unsigned)days + 1) % 100, (unsigned)clock / 3600 % 100, (unsigned)clock / 60 % 60,
		 (unsigned)clock % 60);
}
