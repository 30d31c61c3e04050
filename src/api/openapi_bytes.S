/* openapi.json as read-only bytes, between the symbols api_openapi and api_openapi_end. */
    .section .rodata.openapi, "a", %progbits
    .globl api_openapi
    .type api_openapi, %object
api_openapi:
    .incbin "src/api/openapi.json"
    .globl api_openapi_end
api_openapi_end:
    .size api_openapi, . - api_openapi

/* Without this line the linker would make the stack of the whole program executable. */
    .section .note.GNU-stack, "", %progbits
