/*
 * A definition against what an account has.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <jansson.h>

/* New list of {"member", "file", "account"}, values null where a side has
 * none; empty: both are the same. input is what would be sent
 * (definition_input), type an ActionType of ListActionTypes. Compared as the
 * service fills them in: a property that does not say so is not queryable, has
 * the type String and no description. ListActionTypes may leave types of
 * properties out: then they do not count, nor does the order of properties.
 * Members that the model does not have, and tags, which the service does not
 * list, are ignored. */
json_t	*compare_types(const json_t *input, const json_t *type);

/* A value of a difference as text, freed with xfree_secret; null: "absent". */
char	*compare_text(const json_t *);

#endif
