# sc-transform for GNU make:
#
#	include $(shell sc-transform config --make)
#
#	prog: main.o hot.o
#		$(SC_CC) $(LDFLAGS) $^ -o $@
#	hot.o: override CC := $(SC_CC)
#	hot.o: $(SC_STAMP)
#
# It defines variables and no rule: implicit rules go on as they were, and a
# target is compiled through the launcher when its CC says so.  For a whole
# project: override CC := $(SC_CC).
#
# Set before the include, or on make's command line:
#	SC_TRANSFORM	the program				(sc-transform)
#	SC_COMPILER	the compiler behind it			($(CC) as it is here)
#	SC_MODE, SC_PROFILE, SC_LOG, SC_CONFIG, SC_ARCH, SC_DYNAMIC_LOWERING
#			the launcher's settings of these names	(its own defaults)
#	SC_DYNAMIC	functions made dynamic, as f=0 g=	(none)
#
# Defined by it:
#	SC_CC		launcher, settings and compiler
#	SC_CFLAGS	the include path of the plain headers; with it alone, and
#			without SC_CC, everything compiles to calls through pointers
#	SC_LIBS		the runtime, for a link step that is not $(SC_CC)'s
#	SC_STAMP	a file that changes with the tool: what depends on it is
#			compiled again after an update

SC_TRANSFORM ?= sc-transform
SC_COMPILER := $(or $(SC_COMPILER),$(CC))
SC_SETTINGS := $(strip \
	$(if $(SC_MODE),--sc-mode=$(SC_MODE)) \
	$(if $(SC_PROFILE),--sc-profile=$(SC_PROFILE)) \
	$(if $(SC_LOG),--sc-log=$(SC_LOG)) \
	$(if $(SC_CONFIG),--sc-config=$(SC_CONFIG)) \
	$(if $(SC_ARCH),--sc-arch=$(SC_ARCH)) \
	$(if $(SC_DYNAMIC_LOWERING),--sc-dynamic-lowering=$(SC_DYNAMIC_LOWERING)) \
	$(foreach f,$(SC_DYNAMIC),--sc-dynamic=$(f)))
SC_CC := $(SC_TRANSFORM) cc $(if $(SC_SETTINGS),$(SC_SETTINGS) )$(SC_COMPILER)
SC_CFLAGS := $(shell $(SC_TRANSFORM) config --cflags)
SC_STAMP := $(shell $(SC_TRANSFORM) config --stamp)
# Compiled when first used, and then once.
SC_LIBS = $(eval SC_LIBS := $$(shell $(SC_TRANSFORM) config --libs --cc "$(SC_COMPILER)"))$(SC_LIBS)
