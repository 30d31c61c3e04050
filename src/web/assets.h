/* The files of the page, each once: X(name, path, type, file). assets.S turns the list into bytes
 * of the binary, web.c into routes; it is read by the assembler too, so it holds nothing but the
 * list. A file that is added here is added to WEB_FILES in local.mk as well. */
#ifndef LW_WEB_ASSETS_H
#define LW_WEB_ASSETS_H

#define WEB_ASSETS(X) \
    X(index_html, "/", "text/html; charset=utf-8", "web/index.html") \
    X(app_css, "/app.css", "text/css; charset=utf-8", "web/app.css") \
    X(app_js, "/app.js", "text/javascript; charset=utf-8", "web/app.js") \
    X(api_js, "/api.js", "text/javascript; charset=utf-8", "web/api.js") \
    X(chart_js, "/chart.js", "text/javascript; charset=utf-8", "web/chart.js") \
    X(dom_js, "/dom.js", "text/javascript; charset=utf-8", "web/dom.js") \
    X(format_js, "/format.js", "text/javascript; charset=utf-8", "web/format.js") \
    X(parts_js, "/parts.js", "text/javascript; charset=utf-8", "web/parts.js") \
    X(suspects_js, "/suspects.js", "text/javascript; charset=utf-8", "web/suspects.js") \
    X(targets_js, "/targets.js", "text/javascript; charset=utf-8", "web/targets.js") \
    X(favicon_svg, "/favicon.svg", "image/svg+xml", "web/favicon.svg")

#endif
