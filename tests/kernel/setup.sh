#!/bin/sh
# Linux 6.1 as Debian packs it, configured for x86_64 and arm64 in $1: static calls and keys,
# dynamic preemption, KVM, the self-tests of both. Needs root (apt-get), the network, 3 GB.
set -eu
test $# = 1 || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
work=$(pwd)
source=$work/linux-source-6.1
if ! test -d "$source"; then
	apt-get update -qq
	apt-get install -y -qq gcc make flex bison bc libelf-dev libssl-dev gcc-aarch64-linux-gnu xz-utils >/dev/null
	apt-get download linux-source-6.1
	dpkg -x linux-source-6.1_*.deb packed
	tar xf packed/usr/src/linux-source-6.1.tar.xz
	rm -r packed linux-source-6.1_*.deb
fi
for arch in x86_64 arm64; do
	build=$work/b-$arch
	test -e "$build/include/generated/autoconf.h" && continue
	mkdir -p "$build"
	test $arch = arm64 && cross=aarch64-linux-gnu- || cross=
	make() { command make -s -C "$source" O="$build" ARCH=$arch CROSS_COMPILE=$cross "$@"; }
	make defconfig
	"$source/scripts/config" --file "$build/.config" -e PREEMPT -e PREEMPT_DYNAMIC -e JUMP_LABEL \
		-e STATIC_CALL_SELFTEST -e STATIC_KEYS_SELFTEST -e KVM -e KVM_INTEL -e KVM_AMD -d X86_KERNEL_IBT
	make olddefconfig
	make -j"$(nproc)" prepare modules_prepare
done
