# SPDX-License-Identifier: GPL-2.0-or-later
# The parts of the measured artefacts.

SBOM := $(OUT)/cloister.spdx.json

$(SBOM): tools/sbom /.packages $(OUT)/loader.efi $(OUT)/guest-shim.fd $(HV_VENDORS:%=$(OUT)/hv-%.elf)
	$(call say,SBOM,$@)
	$(Q)tools/sbom $(VERSION) /.packages $(MBEDTLS)/debian/changelog $(filter $(OUT)/%,$^) >$@

sbom: $(SBOM)
	@echo "$(SBOM)"
