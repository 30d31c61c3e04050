#include "capture/cmdline.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define ASTERISKS 3

/* One argument, within the text. */
struct arg {
    char *at;
    size_t len;
};

static bool has_word(const char *name, size_t len)
{
    static const char *const words[] = {
        "passw", "passphrase", "pwd", "secret", "token", "key", "credential", "authorization"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        size_t word_len = strlen(words[w]);
        for (size_t i = 0; i + word_len <= len; i++) {
            if (strncasecmp(name + i, words[w], word_len) == 0)
                return true;
        }
    }
    return false;
}

/* Never grows, so that it can be done in place: a shorter secret gets fewer asterisks. */
static void hide(struct arg *arg, size_t from, size_t to)
{
    size_t shown = to - from < ASTERISKS ? to - from : ASTERISKS;
    memset(arg->at + from, '*', shown);
    memmove(arg->at + from + shown, arg->at + to, arg->len - to);
    arg->len -= to - from - shown;
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Hides what follows the first name of a secret and its '=' or ':', to the end: where its value
 * ends in the midst of others is anyone's guess. */
static void hide_named(struct arg *arg)
{
    size_t name = 0; /* where the name before i begins */
    for (size_t i = 0; i < arg->len; i++) {
        char c = arg->at[i];
        bool ends_name = c == '=' || c == ':';
        if (ends_name && has_word(arg->at + name, i - name)) {
            hide(arg, i + 1, arg->len);
            return;
        }
        /* "token" : x is a name, too. */
        if (!is_of_name(c) && c != '"' && c != '\'' && c != ' ')
            name = i + 1;
    }
}

/* Hides user and password before the '@' of a URL, the password alone where there is no scheme. */
static void hide_user(struct arg *arg)
{
    size_t end = arg->len;
    while (end > 0 && arg->at[end - 1] != '@')
        end--;
    if (end < 2)
        return;
    const char *scheme = memmem(arg->at, end - 1, "://", 3);
    const char *colon = scheme ? scheme + 2 : memchr(arg->at, ':', end - 1);
    if (colon)
        hide(arg, (size_t)(colon - arg->at) + 1, end - 1);
}

/* Whether the argument after it is the value of a secret. */
static bool names_next(const struct arg *arg)
{
    return arg->len > 1 && arg->at[0] == '-' && !memchr(arg->at, '=', arg->len) &&
           !memchr(arg->at, ':', arg->len) && has_word(arg->at, arg->len);
}

static bool is_long_flag(const struct arg *arg)
{
    return arg->len > 2 && memcmp(arg->at, "--", 2) == 0;
}

size_t capture_cmdline_hide(char *text, size_t len)
{
    size_t read = 0, written = 0;
    bool is_value = false;
    while (read < len) {
        struct arg arg = {text + read, strnlen(text + read, len - read)};
        bool is_ended = read + arg.len < len;
        read += arg.len + is_ended;
        bool is_secret = is_value && !is_long_flag(&arg);
        is_value = names_next(&arg);
        if (is_secret) {
            hide(&arg, 0, arg.len);
        } else {
            hide_named(&arg);
            hide_user(&arg);
        }
        memmove(text + written, arg.at, arg.len);
        written += arg.len;
        if (is_ended)
            text[written++] = '\0';
    }
    memset(text + written, 0, len - written);
    return written;
}
