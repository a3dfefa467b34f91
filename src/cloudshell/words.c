/*
 * Words of state (cloudshell-sandbox-api 7.1, 7.3).
 */
#include <stddef.h>

#include "json.h"
#include "words.h"

/* 7.1, with the Portal's words; any other word means that it goes on. */
static const struct {
	const char	*word;
	enum cs_phase	 phase;
} phases[] = {
	{ "Pending", CS_WAITING }, { "Pending Setup", CS_WAITING },
	{ "Before Setup", CS_WAITING }, { "Setup", CS_WAITING },
	{ "Ready", CS_READY }, { "Active", CS_READY },
	{ "Error", CS_ERROR }, { "Active (with Error)", CS_ERROR },
	{ "Teardown", CS_ENDING }, { "Overtime", CS_ENDING },
	{ "Ended", CS_ENDED }, { "Completed", CS_ENDED },
	{ "Completed (with Error)", CS_ENDED },
};

enum cs_phase
sandbox_phase(const char *state)
{
	size_t i;

	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (word_equal(state, phases[i].word))
			return phases[i].phase;
	return CS_WAITING;
}

/* 7.3; no other word is a known end. */
static const struct {
	const char	*word;
	enum cs_progress progress;
} ends[] = {
	{ "Pending", CS_GOING }, { "Running", CS_GOING },
	{ "Stopping", CS_GOING },
	{ "Completed", CS_SUCCEEDED }, { "Finished", CS_SUCCEEDED },
	{ "Succeeded", CS_SUCCEEDED }, { "Success", CS_SUCCEEDED },
	{ "Passed", CS_SUCCEEDED },
	{ "Failed", CS_FAILED }, { "Error", CS_FAILED },
	{ "Cancelled", CS_CANCELLED }, { "Canceled", CS_CANCELLED },
	{ "Stopped", CS_CANCELLED },
};

enum cs_progress
execution_progress(const char *status, const char *ended)
{
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (word_equal(status, ends[i].word))
			return ends[i].progress;
	return ended != NULL && ended[0] != '\0' ? CS_UNKNOWN_END : CS_GOING;
}
