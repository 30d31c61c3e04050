/* What is made of a bundle: its profiles decoded, a report, and a directory of evidence. The work
 * of a worker; what it needs is handed over. */
#ifndef LW_ENGINE_INCIDENT_H
#define LW_ENGINE_INCIDENT_H

#include "capture/capture.h"
#include "engine/facts.h"
#include "evidence/evidence.h"
#include "profile/profile.h"

/* Everything is owned but the evidence. */
struct incident_work {
    const struct evidence *evidence;    /* borrowed; NULL: nothing is written down */
    struct evidence_incident *incident; /* what is known of it; told the rest */
    struct capture_bundle *bundle;
    struct facts *facts;
    const char *reason; /* borrowed */
    struct profile_limits limits;
    char *address;                  /* "host:port" */
    bool ask_host;                  /* whether this host may know its process */
    struct store_memory_look *look; /* what was seen of its memory, for the store; or NULL */
};

/* Decodes, diagnoses, writes the report and the evidence. The incident's state is then ready, or
 * failed with the reason in `why`: nothing was fetched, or not all of it could be written. Blocks
 * on the disk. */
void incident_write(struct incident_work *work);

/* Frees what it owns. */
void incident_work_fini(struct incident_work *work);

#endif
