#include "scrape/scrape.h"

#include <assert.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "config.h"
#include "scrape/auth.h"
#include "scrape/body.h"
#include "scrape/multi.h"
#include "scrape/outcome.h"

#define HEADERS_MAX_BYTES 65536
#define REDIRECTS_MAX     5L

/* Of an answer that is not 200, this much is read to be able to reuse the connection, and the
 * beginning kept for the message. */
#define REFUSED_READ_MAX_BYTES 65536
#define REFUSED_KEEP_BYTES     120

#define CONNECTION_MAX_IDLE_S 300L /* as Prometheus */
#define CA_CACHE_S            60L /* libcurl's own default, a day, would ignore a rotated CA that long */

/* Connections kept: half of the descriptors we may open, within these bounds. libcurl looks at each
 * of them once a second, and at half of them whenever it closes one: above the bound that comes to
 * more than connecting anew, which takes 60 us. */
#define KEPT_CONNECTIONS_MIN 16
#define KEPT_CONNECTIONS_MAX 1024

enum state {
    WAITING, /* for its turn */
    RUNNING, /* on the multi */
    FAILED,  /* before it could run: reported by its timer, never from within start() */
};

/* One transfer. Its timer is the deadline, which runs while it waits as well, and so is ours and
 * not libcurl's. */
struct scrape_fetch {
    struct curl_fetcher *fetcher;   /* borrowed */
    struct scrape_request *request; /* borrowed until done */
    TAILQ_ENTRY(scrape_fetch) link; /* of the list of its state */
    enum state state;
    struct loop_timer timer;
    char url[SCRAPE_URL_SHOWN_BYTES]; /* for messages */

    CURL *easy; /* RUNNING: its own, else NULL */
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char detail[CURL_ERROR_SIZE];
    size_t header_bytes;
    struct scrape_body body;
    char refused[REFUSED_KEEP_BYTES]; /* the beginning of a body whose status is not 200 */
    size_t refused_bytes;             /* of that body in all */
    struct lw_err err;                /* why we ended it ourselves, or LW_OK */
};

TAILQ_HEAD(fetch_list, scrape_fetch);

struct curl_fetcher {
    struct scrape_fetcher base; /* first: what the caller holds */
    struct loop *loop;          /* borrowed */
    struct scrape_multi *multi; /* owned */
    struct fetch_list waiting;  /* owned, oldest first */
    struct fetch_list running;  /* owned; RUNNING and FAILED */
    int running_count;          /* RUNNING only */
    int transfers_max;
    CURL **spare; /* owned easy handles, reset; room for transfers_max */
    int spare_count;
    size_t budget_left;
    long sockets; /* open ones, those of idle connections included */
    long connections_kept;
};

/* ---- libcurl's callbacks: they note why, and end the transfer by taking too little ---- */

static long status_of(const struct scrape_fetch *fetch)
{
    long status = 0;
    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static const char *method_of(const struct scrape_request *request)
{
    return request->post ? "POST" : "GET";
}

static size_t header_came(char *line, size_t size, size_t len, void *ctx)
{
    struct scrape_fetch *fetch = ctx;
    (void)line;
    (void)size; /* always 1 */
    fetch->header_bytes += len;
    if (fetch->header_bytes <= HEADERS_MAX_BYTES)
        return len;
    lw_err_set(&fetch->err, LW_TRANSFER, "%s %s: more than %d bytes of headers",
        method_of(fetch->request), fetch->url, HEADERS_MAX_BYTES);
    return 0;
}

static size_t refused_body_came(struct scrape_fetch *fetch, const char *bytes, size_t len)
{
    if (fetch->refused_bytes < REFUSED_KEEP_BYTES) {
        size_t room = REFUSED_KEEP_BYTES - fetch->refused_bytes;
        memcpy(fetch->refused + fetch->refused_bytes, bytes, len < room ? len : room);
    }
    fetch->refused_bytes += len;
    return fetch->refused_bytes <= REFUSED_READ_MAX_BYTES ? len : 0;
}

static size_t body_came(char *bytes, size_t size, size_t len, void *ctx)
{
    struct scrape_fetch *fetch = ctx;
    (void)size; /* always 1 */
    if (status_of(fetch) != 200)
        return refused_body_came(fetch, bytes, len);
    curl_off_t promised = -1;
    curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
    if (scrape_body_add(&fetch->body, bytes, len, promised, &fetch->err) < 0) {
        lw_err_prefix(&fetch->err, "%s %s", method_of(fetch->request), fetch->url);
        return 0;
    }
    return len;
}

/* CURLOPT_OPENSOCKETFUNCTION: only for a connection that is new. When as many as are kept are open
 * already, it is for this one transfer. libcurl itself would keep it and close the one that is idle
 * longest, which in a fleet of more targets is the one needed next, and look at all to find it. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct scrape_fetch *fetch = ctx;
    struct curl_fetcher *fetcher = fetch->fetcher;
    (void)purpose;
    if (fetcher->sockets >= fetcher->connections_kept)
        curl_easy_setopt(fetch->easy, CURLOPT_FORBID_REUSE, 1L);
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    fetcher->sockets += fd >= 0;
    return fd;
}

/* CURLOPT_CLOSESOCKETFUNCTION: the connection can outlive its transfer, so ctx is the fetcher. */
static int close_socket(void *ctx, curl_socket_t fd)
{
    struct curl_fetcher *fetcher = ctx;
    fetcher->sockets--;
    return close(fd);
}

/* ---- setting up a transfer ---- */

static int set_transport(struct scrape_fetch *fetch)
{
    CURL *easy = fetch->easy;
    int rc = 0;
    rc |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* One request at a time and target: HTTP/2 would add only ways to fail. */
    rc |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    rc |= curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    rc |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    rc |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Removing a transfer must not wait for a resolver thread that hangs. */
    rc |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    rc |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_MAX_IDLE_S);
    rc |= curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    /* What is scraped once a minute is looked up anew anyway (libcurl's own default is 60 s), and
     * after each transfer libcurl walks all that it remembers. */
    rc |= curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    return rc;
}

static int set_callbacks(struct scrape_fetch *fetch)
{
    CURL *easy = fetch->easy;
    int rc = 0;
    rc |= curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    rc |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->detail);
    rc |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_came);
    rc |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    rc |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_came);
    rc |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    rc |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    rc |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch);
    rc |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    rc |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, fetch->fetcher);
    return rc;
}

static int set_request(struct scrape_fetch *fetch)
{
    const struct scrape_request *request = fetch->request;
    CURL *easy = fetch->easy;
    char timeout[80];
    snprintf(timeout, sizeof timeout, "X-Prometheus-Scrape-Timeout-Seconds: %.9g",
        (double)request->timeout_ns / 1e9);
    fetch->headers = curl_slist_append(NULL, timeout);
    int rc = !fetch->headers;
    rc |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
    rc |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "leakwatchd/" PACKAGE_VERSION);
    rc |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, (long)request->job->follow_redirects);
    rc |= curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    rc |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->limit_bytes);
    return rc;
}

static int set_post(struct scrape_fetch *fetch)
{
    const struct scrape_request *request = fetch->request;
    struct curl_slist *longer = curl_slist_append(fetch->headers, "Content-Type: application/json");
    int rc = !longer;
    fetch->headers = longer ? longer : fetch->headers;
    rc |= curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->post_len);
    rc |= curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDS, request->post); /* not copied */
    return rc;
}

static int set_up(struct scrape_fetch *fetch, struct lw_err *err)
{
    const struct scrape_request *request = fetch->request;
    const struct config_tls *tls = &request->job->tls_config;
    if (set_transport(fetch) || set_callbacks(fetch) || set_request(fetch) ||
        (request->post && set_post(fetch)))
        return lw_err_set(err, LW_INTERNAL, "libcurl %s refuses an option", curl_version());
    if (scrape_auth_apply(fetch->easy, request->job, &fetch->headers, err) < 0)
        return -1;
    if (tls->present && tls->server_name &&
        scrape_auth_server_name(fetch->easy, request->url, tls->server_name, &fetch->connect_to,
            &fetch->headers, err) < 0)
        return -1;
    if (curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, fetch->headers))
        return lw_err_set(err, LW_INTERNAL, "libcurl %s refuses the headers", curl_version());
    return 0;
}

/* ---- the life of a transfer ---- */

static CURL *take_easy(struct curl_fetcher *fetcher)
{
    return fetcher->spare_count ? fetcher->spare[--fetcher->spare_count] : curl_easy_init();
}

static void give_easy_back(struct curl_fetcher *fetcher, CURL *easy)
{
    curl_easy_reset(easy);
    assert(fetcher->spare_count < fetcher->transfers_max);
    fetcher->spare[fetcher->spare_count++] = easy;
}

/* Puts a transfer whose turn it is onto the multi. */
static int run(struct scrape_fetch *fetch, struct lw_err *err)
{
    struct curl_fetcher *fetcher = fetch->fetcher;
    fetch->easy = take_easy(fetcher);
    if (!fetch->easy)
        return lw_err_set(err, LW_NO_MEMORY, "no memory for a transfer");
    if (set_up(fetch, err) < 0 || scrape_multi_add(fetcher->multi, fetch->easy, err) < 0) {
        give_easy_back(fetcher, fetch->easy);
        fetch->easy = NULL;
        return -1;
    }
    return 0;
}

static void run_waiting(struct curl_fetcher *fetcher)
{
    struct scrape_fetch *fetch;
    while (fetcher->running_count < fetcher->transfers_max &&
           (fetch = TAILQ_FIRST(&fetcher->waiting))) {
        TAILQ_REMOVE(&fetcher->waiting, fetch, link);
        TAILQ_INSERT_TAIL(&fetcher->running, fetch, link);
        if (run(fetch, &fetch->err) == 0) {
            fetch->state = RUNNING;
            fetcher->running_count++;
        } else {
            fetch->state = FAILED;
            lw_err_prefix(&fetch->err, "%s %s", method_of(fetch->request), fetch->url);
            loop_timer_arm(fetcher->loop, &fetch->timer, loop_now(fetcher->loop));
        }
    }
}

/* Takes a transfer apart, whatever its state. */
static void free_fetch(struct scrape_fetch *fetch)
{
    struct curl_fetcher *fetcher = fetch->fetcher;
    loop_timer_disarm(fetcher->loop, &fetch->timer);
    struct fetch_list *list = fetch->state == WAITING ? &fetcher->waiting : &fetcher->running;
    TAILQ_REMOVE(list, fetch, link);
    if (fetch->state == RUNNING) {
        scrape_multi_remove(fetcher->multi, fetch->easy);
        give_easy_back(fetcher, fetch->easy);
        fetcher->running_count--;
    }
    curl_slist_free_all(fetch->headers);
    curl_slist_free_all(fetch->connect_to);
    scrape_body_fini(&fetch->body);
    fetch->request->fetch = NULL;
    free(fetch);
}

/* Reports what is in fetch->err, or the body, and lets the next one run. The last thing its caller
 * does: done() may start, cancel and change everything. */
static void finish(struct scrape_fetch *fetch, char *body, size_t len)
{
    struct curl_fetcher *fetcher = fetch->fetcher;
    struct scrape_request *request = fetch->request;
    struct lw_err err = fetch->err;
    free_fetch(fetch);
    run_waiting(fetcher);
    request->done(request, &err, body, len);
}

/* Where a redirect points that the job does not want followed. */
static const char *location_of(const struct scrape_fetch *fetch)
{
    struct curl_header *header;
    if (fetch->request->job->follow_redirects ||
        curl_easy_header(fetch->easy, "Location", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

static void ended(void *owner, CURLcode result)
{
    struct scrape_fetch *fetch = owner;
    const struct scrape_outcome outcome = {
        .method = method_of(fetch->request),
        .url = fetch->url,
        .job_name = fetch->request->job->job_name,
        .limit_bytes = fetch->request->limit_bytes,
        .result = result,
        .detail = fetch->detail,
        .status = status_of(fetch),
        .location = location_of(fetch),
        .excerpt = fetch->refused,
        .excerpt_len =
            fetch->refused_bytes < REFUSED_KEEP_BYTES ? fetch->refused_bytes : REFUSED_KEEP_BYTES,
    };
    char *body = NULL;
    size_t len = 0;
    fetch->request->status = outcome.status;
    /* When a callback ended the transfer, it has said why, better than libcurl can. */
    if (fetch->err.code == LW_OK && scrape_outcome_check(&outcome, &fetch->err) == 0)
        body = scrape_body_take(&fetch->body, &len);
    finish(fetch, body, len);
}

/* How far a transfer had come: the last of libcurl's time marks that is set. */
static const char *progress_of(const struct scrape_fetch *fetch)
{
    static const struct {
        CURLINFO mark;
        const char *during;
    } marks[] = {
        {CURLINFO_STARTTRANSFER_TIME_T, "receiving the answer"},
        {CURLINFO_PRETRANSFER_TIME_T, "waiting for the answer"},
        {CURLINFO_CONNECT_TIME_T, "the TLS handshake"},
        {CURLINFO_NAMELOOKUP_TIME_T, "connecting"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        curl_off_t us = 0;
        if (curl_easy_getinfo(fetch->easy, marks[i].mark, &us) == CURLE_OK && us > 0)
            return marks[i].during;
    }
    return "resolving the name";
}

static void timer_fired(void *ctx)
{
    struct scrape_fetch *fetch = ctx;
    double timeout_s = (double)fetch->request->timeout_ns / 1e9;
    if (fetch->state == RUNNING) {
        snprintf(fetch->detail, sizeof fetch->detail,
            "not done within the timeout of %.9g s: %s, %zu bytes of the body had come", timeout_s,
            progress_of(fetch), fetch->body.len);
        ended(fetch, CURLE_OPERATION_TIMEDOUT);
        return;
    }
    if (fetch->state == WAITING)
        lw_err_set(&fetch->err, LW_TIMEOUT,
            "%s %s: never got its turn in %.9g s: other targets took all %d transfers",
            method_of(fetch->request), fetch->url, timeout_s, fetch->fetcher->transfers_max);
    finish(fetch, NULL, 0);
}

/* ---- the interface ---- */

static void start(struct scrape_fetcher *base, struct scrape_request *request)
{
    struct curl_fetcher *fetcher = (struct curl_fetcher *)base;
    struct scrape_fetch *fetch = LW_NEW(struct scrape_fetch);
    fetch->fetcher = fetcher;
    fetch->request = request;
    fetch->timer = (struct loop_timer){.fire = timer_fired, .ctx = fetch};
    fetch->body.limit_bytes = request->limit_bytes;
    fetch->body.budget_left = &fetcher->budget_left;
    scrape_url_shown(request->url, fetch->url);
    request->fetch = fetch;
    request->status = 0;
    TAILQ_INSERT_TAIL(&fetcher->waiting, fetch, link);
    loop_timer_arm(
        fetcher->loop, &fetch->timer, lw_mono_add(loop_now(fetcher->loop), request->timeout_ns));
    run_waiting(fetcher);
}

static void cancel(struct scrape_fetcher *base, struct scrape_request *request)
{
    if (request->fetch) {
        free_fetch(request->fetch);
        run_waiting((struct curl_fetcher *)base);
    }
}

static void free_fetcher(struct scrape_fetcher *base)
{
    struct curl_fetcher *fetcher = (struct curl_fetcher *)base;
    struct scrape_fetch *fetch;
    while ((fetch = TAILQ_FIRST(&fetcher->waiting)) || (fetch = TAILQ_FIRST(&fetcher->running)))
        free_fetch(fetch);
    while (fetcher->spare_count)
        curl_easy_cleanup(fetcher->spare[--fetcher->spare_count]);
    free(fetcher->spare);
    scrape_multi_free(&fetcher->multi);
    free(fetcher);
    curl_global_cleanup();
}

/* A share of the descriptors we may open, within [min, max]. */
static long share_of_files(rlim_t divisor, long min, long max)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur / divisor < (rlim_t)min)
        return min;
    return files.rlim_cur / divisor > (rlim_t)max ? max : (long)(files.rlim_cur / divisor);
}

struct scrape_fetcher *scrape_fetcher_new_curl(
    struct loop *loop, int transfers_max, size_t budget_bytes, struct lw_err *err)
{
    assert(transfers_max > 0);
    CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (rc != CURLE_OK) {
        lw_err_set(err, LW_INTERNAL, "cannot set up libcurl: %s", curl_easy_strerror(rc));
        return NULL;
    }
    /* OpenSSL writes to sockets without MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    long kept = share_of_files(2, KEPT_CONNECTIONS_MIN, KEPT_CONNECTIONS_MAX);
    struct scrape_multi *multi = scrape_multi_new(loop, kept, ended, err);
    if (!multi) {
        curl_global_cleanup();
        return NULL;
    }
    struct curl_fetcher *fetcher = LW_NEW(struct curl_fetcher);
    fetcher->base = (struct scrape_fetcher){.start = start, .cancel = cancel, .free = free_fetcher};
    fetcher->loop = loop;
    fetcher->multi = multi;
    fetcher->connections_kept = kept;
    TAILQ_INIT(&fetcher->waiting);
    TAILQ_INIT(&fetcher->running);
    /* Who waits for its turn is scraped a little later; who finds no descriptor left fails. */
    fetcher->transfers_max = (int)share_of_files(4, 1, transfers_max);
    fetcher->spare = lw_new((size_t)fetcher->transfers_max, sizeof *fetcher->spare);
    fetcher->budget_left = budget_bytes;
    return &fetcher->base;
}
