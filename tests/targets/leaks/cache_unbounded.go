package main

import "fmt"

const pageBytes = 512

// Page is a rendered page.
type Page struct {
	html [pageBytes]byte
}

// Cache keeps pages by their address, query string and all, and never throws one away.
type Cache struct {
	pages map[string]*Page
}

var cache = Cache{pages: map[string]*Page{}}

// Get renders the page if it is not there. With a session id in the address it never is.
func (c *Cache) Get(address string) *Page {
	page := c.pages[address]
	if page == nil {
		page = new(Page)
		c.pages[address] = page
	}
	return page
}

var cacheUnbounded = pattern{pageBytes + 80, func(number int) {
	cache.Get(fmt.Sprintf("/article?session=%d", number))
}}
