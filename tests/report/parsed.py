"""A page as a browser would take it apart."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Parsed(HTMLParser):
    """Elements with their attributes, and the text inside those of a kind."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        """Note an element."""
        self.elements.append((tag, dict(attributes)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append((tag, len(self.texts) - 1))

    def handle_startendtag(self, tag, attributes):
        """Note an element without content."""
        self.elements.append((tag, dict(attributes)))
        self.texts.append("")

    def handle_endtag(self, tag):
        """Leave an element, which has to be the last that was entered."""
        assert self.open.pop()[0] == tag, tag

    def handle_data(self, data):
        """Add text to all elements around it."""
        for _, place in self.open:
            self.texts[place] += data

    def all(self, *tags):
        """Attributes of all elements of some kinds, in order."""
        return [given for tag, given in self.elements if tag in tags]

    def said(self, *tags):
        """Texts of all elements of some kinds, in order."""
        both = zip(self.elements, self.texts, strict=True)
        return [text.strip() for (tag, _), text in both if tag in tags]
