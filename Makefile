# A thin front for Meson and the scripts in tools/. `make help` lists the targets.

BUILD := build

.PHONY: all demo check wire parity bench soak install clean setup docs golden help

all: setup ## build build/redoubt
	@tools/build $(BUILD) program

demo: ## set the machine up, build, and rehearse the 20-host sovereign enclave
	@tools/setup demo
	@tools/build $(BUILD) program
	@tools/demo $(BUILD)/redoubt

check: ## everything that must hold, on this machine, set up if need be
	@tools/setup check
	@tools/check

wire: ## real Azure clients against the embedded cloud
	@tools/setup wire
	@tools/build $(BUILD) program
	@tools/wire $(BUILD)

parity: ## the same, and write docs/parity.md anew
	@tools/setup wire
	@tools/build $(BUILD) program
	@tools/wire $(BUILD) write

bench: ## measure; one JSON line a figure
	@tools/setup check
	@tools/build $(BUILD) release
	@tools/bench $(BUILD)

soak: ## the long tests: many seeds, long fuzzing, valgrind
	@tools/setup check
	@tools/soak

docs: all ## write the generated documents anew
	@tools/docs write $(BUILD)/redoubt

golden: ## write the golden files anew: review them as a diff
	@tools/setup check
	@tools/build $(BUILD) release
	@REDOUBT_GOLDEN_WRITE=1 meson test -C $(BUILD) --no-rebuild --suite golden

install: all ## install the program, its man pages and completions (PREFIX, DESTDIR)
	@tools/install $(BUILD)/redoubt

setup:
	@tools/setup build

clean: ## remove everything that was built
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12
