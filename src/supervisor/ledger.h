/*
 * Jobs on disk.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"
#include "life.h"

struct ledger;

/* Open state_dir/ledger.sqlite, creating it if absent (mode 0600). Sets a
 * damaged database aside as ledger.sqlite.damaged-TIME; *set_aside then holds
 * its new path, which the caller frees, else NULL. FAIL_SYSTEM if the folder is
 * unusable. */
struct ledger	*ledger_open(const char *state_dir, char **set_aside,
		    struct fail *);
void		 ledger_close(struct ledger *);

/* Write these records in one transaction. -1: none of them is on disk. */
int	ledger_save(struct ledger *, const struct life *const *, size_t n,
	    int64_t wall, struct fail *);
/* Write something, to see whether the ledger can be written. */
int	ledger_try(struct ledger *, struct fail *);

/* Every record that is neither LIFE_DONE nor LIFE_DROPPED, oldest first. take
 * owns the life that it gets (life_free, then free). -1: some record cannot be
 * read; it stays in the ledger, take gets the others all the same, and the text
 * names the first. */
int	ledger_open_jobs(struct ledger *, void (*take)(struct life *, void *),
	    void *, struct fail *);

/* State of the record with this id; LIFE_NEW: none, or the database cannot be
 * read. */
enum life_state	ledger_state(struct ledger *, const char *id);

/* Forget finished jobs last changed before this time. */
int	ledger_prune(struct ledger *, int64_t before_wall, struct fail *);

/* Bytes free where the ledger is; INT64_MAX if unknown. */
int64_t	ledger_free_space(const struct ledger *);

#endif
