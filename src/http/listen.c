#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_DIGITS_MAX 5

struct host_port {
    char host[256]; /* "" for every address */
    char port[PORT_DIGITS_MAX + 1];
};

static int split(const char *address, struct host_port *parts, struct lw_err *err)
{
    const char *colon = strrchr(address, ':');
    if (!colon)
        return lw_err_set(err, LW_INVALID,
            "listen address \"%.128s\" has no port: write host:port or :port", address);
    const char *port = colon + 1;
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || digits > PORT_DIGITS_MAX || port[digits] || atoi(port) > 65535)
        return lw_err_set(err, LW_INVALID,
            "listen address \"%.128s\": the port is not a number from 0 to 65535", address);
    const char *host = address;
    size_t len = (size_t)(colon - address);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len)) {
        return lw_err_set(err, LW_INVALID,
            "listen address \"%.128s\": an IPv6 address stands in brackets, like [::1]:9190",
            address);
    }
    if (len >= sizeof parts->host)
        return lw_err_set(err, LW_INVALID,
            "listen address \"%.128s\": the host is longer than %zu bytes", address,
            sizeof parts->host - 1);
    memcpy(parts->host, host, len);
    parts->host[len] = '\0';
    memcpy(parts->port, port, digits + 1);
    return 0;
}

/* A socket that listens at one resolved address, or -1 and errno. */
static int listen_at(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
    if (fd < 0)
        return -1;
    int on = 1, off = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (ai->ai_family == AF_INET6) /* "::" takes IPv4 too */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* The first address of the family (AF_UNSPEC: any) that can be listened at; -1 and errno when none.
 */
static int listen_at_any(const struct addrinfo *list, int family)
{
    int fd = -1;
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
        if (family == AF_UNSPEC || ai->ai_family == family)
            fd = listen_at(ai);
    }
    return fd;
}

static int refuse(const char *address, int reason, struct lw_err *err)
{
    if (reason == EADDRINUSE)
        return lw_err_set(err, LW_IO,
            "cannot listen at %s: address already in use: is another leakwatchd running?", address);
    return lw_err_sys(err, LW_IO, reason, "cannot listen at %s", address);
}

int http_listen(const char *address, struct lw_err *err)
{
    struct host_port parts;
    if (split(address, &parts, err) < 0)
        return -1;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(parts.host[0] ? parts.host : NULL, parts.port, &hints, &list);
    if (rc != 0)
        return lw_err_set(err, LW_IO, "cannot listen at %s: %s", address, gai_strerror(rc));
    /* Every address: the IPv6 socket serves IPv4 too, so it goes first where there is IPv6 at all.
     */
    int fd = parts.host[0] ? -1 : listen_at_any(list, AF_INET6);
    if (fd < 0)
        fd = listen_at_any(list, AF_UNSPEC);
    int reason = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return refuse(address, reason, err);
    return fd;
}

int http_listen_port(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return 0;
    if (at.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
    return ntohs(((struct sockaddr_in *)&at)->sin_port);
}
