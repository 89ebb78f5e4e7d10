"""What a browser may do on our pages: run our own files, talk to this server, and nothing else."""

_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""Of no text at all: Plotly makes an empty <style> and fills it with insertRule, which a policy does not see."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        # data: because Plotly paints the heat of a contour as an image, and Swagger's styles hold their icons so.
        "img-src 'self' data:",
        f"style-src 'self' {_EMPTY_STYLE}",
        # Plotly's SVG carries style attributes. Ours do not, and no text of a user is ever written as HTML.
        "style-src-attr 'unsafe-inline'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
