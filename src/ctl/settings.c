/*
 * Faults of the settings, as an error of the command.
 */
#include <errno.h>
#include <unistd.h>

#include "out.h"
#include "settings.h"

int
settings_good(const struct ctl *ctl, struct fail *fail)
{
	bool denied = access(ctl->conf_path, R_OK) != 0 && errno == EACCES;

	if (ctl->nfaults == 0)
		return 0;
	for (size_t i = 0; i + 1 < ctl->nfaults; i++)
		out_error("%s", ctl->faults[i]);
	return fail_set(fail, denied ? FAIL_PERMISSION : FAIL_CONFIG, "%s",
	    ctl->faults[ctl->nfaults - 1]);
}
