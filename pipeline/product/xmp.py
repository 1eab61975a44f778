"""The XMP packet of a product: its title and language, and its transfer note in properties of our own."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from pipeline.product.archival import Standard

NAMESPACE = "https://aktenwerk.invalid/ns/transfer-note/1#"

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>Aktenwerk</pdf:Producer>
</rdf:Description>{claim}{own}</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_CLAIM = """
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>{part}</pdfaid:part><pdfaid:conformance>{level}</pdfaid:conformance>
</rdf:Description>"""
_OWN = """
<rdf:Description rdf:about="" xmlns:tn="{namespace}">
{properties}
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Transfer note</pdfaSchema:schema>
<pdfaSchema:namespaceURI>{namespace}</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>tn</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>
{described}
</rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
_DESCRIBED = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>Transfer note: {name}</pdfaProperty:description></rdf:li>"""


def packet(title: str, language: str, note: Mapping[str, str], standard: Standard | None) -> bytes:
    """The packet; ``note`` are names and texts of our own properties, described as PDF/A asks for
    (ISO 19005-2, 6.6.2.3.3). ``standard`` is what the PDF claims to be, if anything.
    """
    claim = _CLAIM.format(part=standard.part, level=standard.level) if standard else ""
    own = ""
    if note:
        properties = "\n".join(f"<tn:{name}>{_text(value)}</tn:{name}>" for name, value in note.items())
        described = "\n".join(_DESCRIBED.format(name=name) for name in note)
        own = _OWN.format(namespace=NAMESPACE, properties=properties, described=described)
    return _PACKET.format(title=_text(title), language=_text(language), claim=claim, own=own).encode()


def _text(value: str) -> str:
    """Escaped, without characters that XML 1.0 cannot have."""
    return escape("".join(c for c in value if c >= " " or c in "\t\n"))
