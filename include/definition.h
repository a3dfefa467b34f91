/*
 * The definition files of the action types, in the form of
 * CreateCustomActionType's input (aws-contract 1.4, 1.10): the supervisor polls
 * for what they name, qualictl registers it.
 */
#ifndef DEFINITION_H
#define DEFINITION_H

#include <jansson.h>
#include <stddef.h>

#include "codepipeline.h"
#include "fail.h"

#define DEFINITION_FILE_MAX	(64 * 1024)	/* bytes */
#define DEFINITION_VERSIONS_MAX	16	/* versions polled of one type */

/* The shipped files begin their URL templates with it; portal_url of
 * worker.conf replaces it. */
#define DEFINITION_PORTAL	"https://cloudshell.example"

struct definition {
	char			*path;
	json_t			*input;	/* all that the file says */
	struct cp_action_type	 type;
};

/* Read NAME.json from own_dir (NULL: there is none), else from
 * data_dir/actions: category, provider and version must be there and follow the
 * model; type.property is the first queryable one. FAIL_CONFIG names file and
 * member. The caller frees it. */
int	definition_load(struct definition *, const char *own_dir,
	    const char *data_dir, const char *name, struct fail *);
/* The same from one file. */
int	definition_read(struct definition *, const char *path, struct fail *);
void	definition_free(struct definition *);	/* also a zeroed one */

/* Check the whole against the model and what its texts demand. FAIL_CONFIG
 * names file and member: "x.json: configurationProperties[2].name: ...". */
int	definition_check(const struct definition *, struct fail *);

/* The versions of a type that the worker polls for: those of the setting
 * worker.versions, separated by blanks, each once; without any, the file's.
 * list has DEFINITION_VERSIONS_MAX entries; *n of them are filled. FAIL_CONFIG
 * names the setting. */
int	definition_versions(const char *setting, const struct cp_action_type *,
	    struct cp_action_type *list, size_t *n, struct fail *);

/* Whether the setting worker.query (NULL: not set) fits the definition and the
 * versions polled of it. FAIL_CONFIG names file or setting. */
int	definition_query(const struct definition *, const char *query,
	    const struct cp_action_type *versions, size_t n, struct fail *);

/* New object, what qualictl sends: the file's members, with portal_url in place
 * of DEFINITION_PORTAL; portal_url NULL: without the templates that begin with
 * it. Empty objects and lists of optional members are left out. The same file
 * and portal_url give the same text by json_line. */
json_t	*definition_input(const struct definition *, const char *portal_url);

#endif
