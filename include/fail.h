/*
 * The error value of every fallible call.
 *
 * A fallible call returns 0 or -1 (or a pointer or NULL) and takes its caller's
 * struct fail as last argument. Whoever sees the fault fills it, once; success
 * leaves it untouched. The kind drives what happens next; the text is for
 * people and may end in the CodePipeline console.
 */
#ifndef FAIL_H
#define FAIL_H

#define FAIL_TEXT_MAX	4096	/* bytes of a text, its NUL included */

enum fail_kind {
	FAIL_NONE,
	/* kinds that CodePipeline knows (aws-contract 1.9) */
	FAIL_JOB,		/* the work itself failed */
	FAIL_CONFIG,		/* a setting or the pipeline definition must
				   change */
	FAIL_PERMISSION,	/* access denied */
	FAIL_REVISION,		/* input artifact missing or unreadable */
	FAIL_SYSTEM,		/* worker or peer broken */
	/* kinds that steer the caller; a job they end reports FAIL_SYSTEM */
	FAIL_AGAIN,		/* passing fault, nothing happened: may be
				   repeated */
	FAIL_UNSURE,		/* passing fault, the peer may have acted */
	FAIL_AUTH,		/* credentials refused or expired */
	FAIL_STOPPED,		/* ended by stop or park */
	FAIL_MAX
};

struct fail {
	enum fail_kind	kind;
	char		text[FAIL_TEXT_MAX];
};

/* Fill fail, cutting the text at a UTF-8 boundary, unless it is NULL. Returns
 * -1. */
int	fail_set(struct fail *, enum fail_kind, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

/* Put formatted context before the text, with ": " between them unless the
 * context ends in a blank; the kind stays. Returns -1. */
int	fail_prefix(struct fail *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* Add a formatted sentence after ending the text before it as one; that text is
 * cut if both do not fit. Returns -1. */
int	fail_add(struct fail *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* Name of a kind in messages and on the pipes; the first six are words of
 * PutJobFailureResult's failureDetails.type except "None". */
const char	*fail_kind_name(enum fail_kind);

/* FAIL_NONE if the name is unknown. */
enum fail_kind	 fail_kind_parse(const char *);

/* The type for CodePipeline: one of JobFailed, ConfigurationError,
 * PermissionError, RevisionUnavailable, SystemUnavailable. */
const char	*fail_type(enum fail_kind);

#endif
