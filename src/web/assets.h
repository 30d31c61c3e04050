/* The files of the page, each once: X(name, path, type, file). assets.S turns the list into bytes
 * of the binary, web.c into routes; it is read by the assembler too, so it holds nothing but the
 * list. A file that is added here is added to WEB_BUNDLE in local.mk as well. */
#ifndef LW_WEB_ASSETS_H
#define LW_WEB_ASSETS_H

#define WEB_ASSETS(X) \
    X(index_html, "/", "text/html; charset=utf-8", "web/dist/index.html") \
    X(app_css, "/app.css", "text/css; charset=utf-8", "web/dist/app.css") \
    X(app_js, "/app.js", "text/javascript; charset=utf-8", "web/dist/app.js") \
    X(favicon_svg, "/favicon.svg", "image/svg+xml", "web/dist/favicon.svg") \
    X(licences_txt, "/licences.txt", "text/plain; charset=utf-8", "web/dist/licences.txt")

#endif
