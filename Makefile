# Thin doors; each opens a script of packaging/scripts.
.DEFAULT_GOAL := help
.PHONY: help setup demo stop check test bench gpu-check package test-packages soak training clean

scripts := packaging/scripts

help: ## List these doors
	@echo "Cordline: lesions of the spinal cord in MR. Research use only; not a medical device."
	@sed -n 's/^\([a-z-]*\): ## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Install what this machine lacks (apt, ONNX Runtime, Python for the tests)
	@$(scripts)/setup.sh tests

demo: ## Install, build, analyse two studies, start a viewer; HEADLESS=1 also takes pictures of it
	@$(scripts)/demo.sh $(if $(HEADLESS),--headless)

stop: ## End the viewer that the demo began
	@$(scripts)/stop.sh

check: ## The fast door: formatting, lints, unit tests, clients' vectors, licences
	@$(scripts)/check.sh

test: ## Run every test: Rust, Python, DICOM validators, models
	@$(scripts)/test.sh

bench: ## Time the program against its networks alone and a Python pipeline
	@$(scripts)/bench.sh

gpu-check: ## What a GPU makes of the networks: ten minutes, a table at the end
	@$(scripts)/gpu_check.sh

package: ## Packages for Debian and Ubuntu, into out/packages
	@$(scripts)/package.sh

test-packages: ## Make the packages; install, upgrade, remove and purge them in a fresh Debian
	@$(scripts)/test_packages.sh

soak: ## Kill daemon, gateway and archive for hours; nothing may be lost or doubled
	@$(scripts)/soak.sh

training: ## Install what training needs (PyTorch, in .venv-train)
	@$(scripts)/setup.sh train

clean: ## Remove what was built and written; keep what was downloaded
	@rm -rf target out .pytest_cache .ruff_cache adapters/ohif/dist plugin-sdk/typescript/build plugin-sdk/typescript/dist
	@find models tests -name __pycache__ -type d -prune -exec rm -rf {} +
