# SPDX-License-Identifier: GPL-2.0-or-later
# A thin front for meson. 'make demo' and 'make test' install what they need (Debian packages) when run as root.
BUILD ?= build

.PHONY: all deps test demo bench install uninstall clean
all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja: | deps web-player
	meson setup $(BUILD)

deps:
	@tools/deps

# Only --export html needs it: without npm or a network the build goes without, and the export says so.
web-player: | deps
	-@tools/web-player $@

test: deps all
	tests/run --build $(BUILD)

demo: deps all
	tests/demo --build $(BUILD)

bench: deps all
	tests/bench/run --build $(BUILD) $(if $(DOCS),--docs)

install: all
	meson install -C $(BUILD) --no-rebuild
	@tools/install-setup --note

uninstall:
	tools/uninstall $(BUILD)

clean:
	rm -rf $(BUILD)
