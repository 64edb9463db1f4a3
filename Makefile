# SPDX-License-Identifier: GPL-2.0-or-later
# A thin front for meson. 'make demo' and 'make test' install what they need (Debian packages) when run as root.
BUILD ?= build

.PHONY: all deps test demo bench install uninstall clean
all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja: | deps
	meson setup $(BUILD)

deps:
	@tools/deps

test: all
	tests/run --build $(BUILD)

demo: all
	tests/demo --build $(BUILD)

bench: all
	tests/bench/run --build $(BUILD)

install: all
	meson install -C $(BUILD) --no-rebuild
	@tools/install-setup --note

uninstall:
	tools/uninstall $(BUILD)

clean:
	rm -rf $(BUILD)
