/* What flame trees have in common, wherever their stacks come from. Private to api/. */
#ifndef LW_API_FLAME_H
#define LW_API_FLAME_H

#include "api/json.h"
#include "profile/sample_type.h"
#include "profile/tree.h"

/* ?sample=, inuse_space where it is absent. Errors: LW_INVALID. */
int flame_sample_parse(enum profile_sample *sample, const struct http_request *request,
    struct lw_err *err) LW_MUST_CHECK;

/* The question: ?sample= (inuse_space) and ?by=function|type (function). */
struct flame_query {
    enum profile_sample sample;
    bool by_type; /* what is allocated stands above the function that does it */
};

/* Errors: LW_INVALID. */
int flame_query_parse(struct flame_query *query, const struct http_request *request,
    struct lw_err *err) LW_MUST_CHECK;

/* The tree as members of `object`, "delta" included where it is a difference. */
void flame_render(cJSON *object, struct profile_tree *tree, bool is_difference);

#endif
