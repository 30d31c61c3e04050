#include "binaries/process.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKETS_MAX   16      /* that listen at one port: SO_REUSEPORT */
#define TCP_LINES_MAX 1000000 /* of /proc/net/tcp */
#define LINKS_MAX     2000000 /* descriptors of all processes that are looked at */
#define TCP_LISTEN    0x0a

/* ---- addresses ---- */

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool to_v6(const struct sockaddr *from, uint8_t to[16])
{
    if (from->sa_family == AF_INET) {
        memcpy(to, v4_prefix, 12);
        memcpy(to + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        memcpy(to, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
        return true;
    }
    return false;
}

static bool is_v4(const uint8_t address[16])
{
    return memcmp(address, v4_prefix, 12) == 0;
}

static bool is_loopback(const uint8_t address[16])
{
    static const uint8_t v6_loopback[16] = {[15] = 1};
    if (is_v4(address))
        return address[12] == 127;
    return memcmp(address, v6_loopback, 16) == 0;
}

/* 0.0.0.0 or ::, the latter also for IPv4. */
static bool is_any(const uint8_t address[16])
{
    static const uint8_t zeros[16];
    return memcmp(address, zeros, 16) == 0 ||
           (is_v4(address) && memcmp(address + 12, zeros, 4) == 0);
}

static bool is_of_interface(const struct ifaddrs *list, const uint8_t address[16])
{
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        uint8_t own[16];
        if (i->ifa_addr && to_v6(i->ifa_addr, own) && memcmp(own, address, 16) == 0)
            return true;
    }
    return false;
}

static int check_local(struct binaries_endpoint *endpoint, struct lw_err *err)
{
    struct ifaddrs *list = NULL;
    if (getifaddrs(&list) < 0)
        return lw_err_sys(err, LW_IO, errno, "cannot list the addresses of this host");
    for (size_t i = 0; i < endpoint->count && !endpoint->is_local; i++)
        endpoint->is_local =
            is_loopback(endpoint->addresses[i]) || is_of_interface(list, endpoint->addresses[i]);
    freeifaddrs(list);
    return 0;
}

/* Splits "host:port" and "[v6]:port"; host has room for 256 bytes. */
static int split(const char *address, char *host, uint16_t *port, struct lw_err *err)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
        address++;
        len -= 2;
    }
    long number = colon ? strtol(colon + 1, NULL, 10) : 0;
    if (len == 0 || len > 255 || number < 1 || number > 65535)
        return lw_err_set(err, LW_INVALID, "\"%.128s\" is not host:port", address);
    memcpy(host, address, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return 0;
}

int binaries_endpoint_find(
    const char *address, struct binaries_endpoint *endpoint, struct lw_err *err)
{
    char host[256];
    *endpoint = (struct binaries_endpoint){0};
    if (split(address, host, &endpoint->port, err) < 0)
        return -1;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, NULL, &hints, &list);
    if (rc != 0)
        return lw_err_set(err, LW_RESOLVE, "%s: %s", host, gai_strerror(rc));
    for (struct addrinfo *i = list; i && endpoint->count < BINARIES_ADDRESSES_MAX; i = i->ai_next) {
        if (to_v6(i->ai_addr, endpoint->addresses[endpoint->count]))
            endpoint->count++;
    }
    freeaddrinfo(list);
    return check_local(endpoint, err);
}

/* ---- sockets ---- */

struct sockets {
    unsigned long inodes[SOCKETS_MAX];
    size_t count;
};

/* The local address of a line of /proc/net/tcp or tcp6: 32-bit words of the machine's byte order in
 * hex, one or four (net/ipv4/tcp_ipv4.c, get_tcp4_sock). */
static bool read_words(const char *hex, uint8_t address[16])
{
    size_t words = strlen(hex) / 8;
    if (words != 1 && words != 4)
        return false;
    memcpy(address, v4_prefix, 12);
    for (size_t i = 0; i < words; i++) {
        char word[9] = {0};
        memcpy(word, hex + 8 * i, 8);
        uint32_t value = (uint32_t)strtoul(word, NULL, 16);
        memcpy(address + (words == 1 ? 12 : 4 * i), &value, 4);
    }
    return true;
}

static bool serves(const struct binaries_endpoint *endpoint, const uint8_t address[16])
{
    if (is_any(address))
        return true;
    for (size_t i = 0; i < endpoint->count; i++) {
        if (memcmp(endpoint->addresses[i], address, 16) == 0)
            return true;
    }
    return false;
}

static void take_line(
    const char *line, const struct binaries_endpoint *endpoint, struct sockets *sockets)
{
    char hex[33];
    unsigned port, state;
    unsigned long inode;
    uint8_t address[16];
    int n = sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*d %lu",
        hex, &port, &state, &inode);
    if (n == 4 && state == TCP_LISTEN && port == endpoint->port && read_words(hex, address) &&
        serves(endpoint, address) && sockets->count < SOCKETS_MAX)
        sockets->inodes[sockets->count++] = inode;
}

static void read_sockets(
    const char *path, const struct binaries_endpoint *endpoint, struct sockets *sockets)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return; /* no IPv6 in this kernel */
    char line[512];
    for (int i = 0; i < TCP_LINES_MAX && fgets(line, sizeof line, file); i++)
        take_line(line, endpoint, sockets);
    fclose(file);
}

/* ---- processes ---- */

/* Whether a descriptor's link, "socket:[4711]", is one of the sockets. */
static bool is_one_of(const struct sockets *sockets, const char *link)
{
    unsigned long inode;
    if (sscanf(link, "socket:[%lu]", &inode) != 1)
        return false;
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->inodes[i] == inode)
            return true;
    }
    return false;
}

/* Whether the process holds one of the sockets; budget counts the links that may still be read. */
static bool holds(DIR *fds, const struct sockets *sockets, long *budget)
{
    bool found = false;
    struct dirent *entry;
    while (!found && *budget > 0 && (entry = readdir(fds))) {
        char link[64];
        ssize_t len = readlinkat(dirfd(fds), entry->d_name, link, sizeof link - 1);
        --*budget;
        if (len < 0)
            continue;
        link[len] = '\0';
        found = is_one_of(sockets, link);
    }
    return found;
}

static void look_into(
    pid_t pid, const struct sockets *sockets, struct binaries_pids *pids, long *budget)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    if (!fds) {
        pids->forbidden += errno == EACCES || errno == EPERM; /* ENOENT: it has just ended */
        return;
    }
    if (holds(fds, sockets, budget))
        pids->list[pids->count++] = pid;
    closedir(fds);
}

void binaries_pids_find(const struct binaries_endpoint *endpoint, struct binaries_pids *pids)
{
    struct sockets sockets = {0};
    *pids = (struct binaries_pids){0};
    read_sockets("/proc/self/net/tcp", endpoint, &sockets);
    read_sockets("/proc/self/net/tcp6", endpoint, &sockets);
    pids->listening = sockets.count > 0;
    DIR *proc = pids->listening ? opendir("/proc") : NULL;
    if (!proc)
        return;
    long budget = LINKS_MAX;
    struct dirent *entry;
    while (pids->count < BINARIES_PIDS_MAX && budget > 0 && (entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]))
            look_into((pid_t)strtol(entry->d_name, NULL, 10), &sockets, pids, &budget);
    }
    closedir(proc);
}
