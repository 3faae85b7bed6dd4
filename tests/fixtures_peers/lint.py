"""lint.py DIR: what pkilint's lint_pkix_cert finds in the chains of the fixtures in DIR.

Prints one line a scenario and finding of weight WARNING or more that the scenario it differs from
does not have: id, finding. A certificate that pkilint cannot read is the finding `unreadable`.
"""
import json, pathlib, re, sys, base64, warnings

from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(sys.argv[1])
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
# The validators of pkilint/bin/lint_pkix_cert.py.
LINT = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [certificate.create_issuer_validator_container([]), certificate.create_validity_validator_container(),
     certificate.create_subject_validator_container([]), certificate.create_extensions_validator_container([]),
     certificate.create_spki_validator_container([])])
BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)


def findings(der):
    try:
        document = loader.RFC5280CertificateDocumentLoader().load_der_document(der, "fixture")
    except ValueError:
        return {"unreadable"}
    results = LINT.validate(document.root)
    return {finding.finding.code for result in results for finding in result.finding_descriptions
            if finding.finding.severity <= ValidationFindingSeverity.WARNING}


def of(one):
    texts = "".join((FOLDER / one["files"][kind]).read_text() for kind in ("ca", "chain"))
    ders = {base64.b64decode(block) for block in BLOCK.findall(texts)}
    return set().union(*(findings(der) for der in ders))


chains = {one["id"]: one for one in MANIFEST["scenarios"] if one["judges"] == "chain"}
found = {id: of(one) for id, one in chains.items()}
for id, one in chains.items():
    for finding in sorted(found[id] - found.get(one["differs_from"], set())):
        print(id, finding, sep="\t")
