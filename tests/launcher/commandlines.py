"""Command lines, as data: at least one for each row of each option table, and the hard ones.

Words are split as a shell splits them.  All are tried in a folder with the files of
``FILES``, with a little C on standard input.  A line that a compiler refuses is a
command line too: it is refused in the same way with the launcher in front.
"""

from __future__ import annotations

UNIT = '#include "a.h"\nint f(int x)\n{\n    return x + VALUE;\n}\n'
MAIN = "int main(void)\n{\n    return 0;\n}\n"

FILES = {
    "a.c": UNIT,
    "a.h": "#ifndef VALUE\n#define VALUE 1\n#endif\n",
    "b.c": "int g(int x)\n{\n    return x * 2;\n}\n",
    "main.c": MAIN,
    "d/b.b.c": MAIN,
    "d/x.h": "#define X 2\n",
    "warns.c": '#include "a.h"\nint f(void)\n{\n    int unused;\n    return VALUE;\n}\n',
    "wrong.c": "int f(void)\n{\n    return undeclared;\n}\n",
    "angle.c": "#include <a.h>\nint f(void)\n{\n    return VALUE;\n}\n",
    "macros.c": "const char *s = STRING;\nint n = NUMBER;\n",
    "when.c": "const char *file = __FILE__;\n",
    "sp ace.c": UNIT,
    "ha#sh.c": UNIT,
    "dol$lar.c": UNIT,
    "noext": UNIT,
    "pre.i": '# 1 "pre.c"\nint p(void)\n{\n    return 4;\n}\n',
    "asm.s": "\t.globl w\nw:\n\t.byte 0\n",
    "asm.S": "#define NAME w\n\t.globl NAME\nNAME:\n\t.byte 0\n",
    "plus.cc": "int cxx(int x)\n{\n    return x;\n}\n",
    "header.h": "int declared(int);\n",
    "my.specs": "",
    "my.map": "{ global: *; };\n",
    "my.cfg": "-DCONFIGURED\n",
    "overlay.yaml": "{ 'version': 0, 'roots': [] }\n",
    "words.rsp": "-DX='1 2' \"-DY=a b\" -DZ=\\ q\n@nested.rsp\n",
    "nested.rsp": "-c a.c '-DQ=\"it\\'s\"'",
    "blank.rsp": " \n\t\n",
    "long.rsp": "".join(f"-DLONG_{n}={n}\n" for n in range(400)) + "-c a.c -o long.o\n",
    "wrap.sh": '#!/bin/sh\nexec "$@"\n',
    "inc/a.h": "#define VALUE 7\n",
    "o/keep": "",
}

COMMON = """
-c a.c
-S a.c
-E a.c
-fsyntax-only a.c
-M a.c
-MM a.c
--compile a.c
--assemble a.c
--preprocess a.c
--dependencies a.c
--user-dependencies a.c
-### -c a.c
--version
--help
--help=warnings
--target-help
-dumpmachine
-dumpversion
-print-search-dirs
-print-file-name=libc.a
-print-file-name libc.a
-print-prog-name=ld
-print-prog-name ld
--print-search-dirs
--print-file-name=libc.a
--print-file-name libc.a
--print-prog-name=ld
--print-prog-name ld
-c a.c -o o/x.o
-c a.c -oo/x.o
-c a.c --output=o/x.o
-c a.c --output o/x.o
-c a.c -dumpdir o/
-MD -c a.c
-MMD -c a.c -o o/x.o
--write-dependencies -c a.c
--write-user-dependencies -c a.c
-MMD -MF o/x.d -c a.c
-MMD -MFo/x.d -c a.c
-MMD -MT first -MTsecond -c a.c
-MMD -MQ '$(x) y' -MQz -c a.c
-MMD -MP -c a.c
-M -MG a.c
-M --print-missing-file-dependencies a.c
-x c -c noext
-xc -c noext -x none a.c
--language=c -c noext
--language c -c noext
-I inc -Id -c a.c
-I inc -I- -c a.c
--include-barrier -c a.c
--include-directory=d --include-directory inc -c a.c
--include-directory-after=d --include-directory-after inc -c a.c
--include-prefix=d/ --include-prefix d/ -c a.c
--include-with-prefix=d --include-with-prefix d -c a.c
--include-with-prefix-after=d --include-with-prefix-after d -c a.c
--include-with-prefix-before=d --include-with-prefix-before d -c a.c
-F d -Fd -c a.c
-iquote d -iquoted -isystem d -isystemd -idirafter inc -idirafterinc -c a.c
-iprefix d/ -iwithprefix x -iwithprefixbefore y -c a.c
-imultilib d -c a.c
-nostdinc -c a.c
-nostdinc++ -c a.c
--no-standard-includes -c a.c
-include d/x.h -c a.c
-included/x.h -c a.c
--include d/x.h --include=a.h -c a.c
-imacros d/x.h -c a.c
--imacros d/x.h --imacros=a.h -c a.c
-D A -DB=2 -U A -UB -A machine=x -c a.c
-undef -c a.c
--define-macro=A --define-macro B=1 --undefine-macro=A --undefine-macro B -c a.c
--assert=machine=x --assert m=y -c a.c
-m64 -c a.c
-m32 -c a.c
-mx32 -S a.c
-m16 -S a.c
-march=native -mtune=generic -S a.c
-mcpu=generic -S a.c
-mabi=sysv -c a.c
-mcmodel=small -mno-red-zone -c a.c
-mcmodel -c a.c
-mbig-endian -c a.c
-mlittle-endian -c a.c
-mfloat-abi=hard -c a.c
-mfpu=neon -c a.c
-msoft-float -S b.c
-mhard-float -S b.c
--sysroot=/nowhere -c a.c
--sysroot /nowhere -c a.c
-isysroot /nowhere -c a.c
-B d -Bd/ -c a.c
--prefix=d --prefix d -c a.c
-specs=my.specs -c a.c
-specs my.specs -c a.c
--specs=my.specs -c a.c
-no-canonical-prefixes -c a.c
--no-canonical-prefixes -c a.c
-fPIC -fno-common -fstack-protector -Wall -Wextra -O2 -std=c99 -pedantic -c warns.c
-Werror -Wall -c warns.c
--optimize -c a.c
--optimize=2 -c a.c
--param ssp-buffer-size=4 --param=ssp-buffer-size=8 -c a.c
--std=c11 -c a.c
--std c11 -c a.c
-ansi -c a.c
--ansi -pedantic-errors --pedantic --pedantic-errors -c a.c
--warn-all -c warns.c
--all-warnings --extra-warnings -c warns.c
-Wall -w -c warns.c
--no-warnings -Wall -c warns.c
-E -traditional-cpp a.c
-E --traditional-cpp a.c
-trigraphs --trigraphs -c a.c
-E -dM a.c
-E --dump=M a.c
-E --dump M a.c
-E -C -P a.c
-E -CC a.c
-E --comments --comments-in-macros --no-line-commands a.c
-p -c a.c
-pg -c a.c
-pthread -c a.c
-fpreprocessed -c pre.i
-fno-preprocessed -c a.c
-flto -c a.c
-flto=auto -c a.c
-flto -fno-lto -c a.c
-g -c a.c
-g3 -O1 -c a.c
-g -g0 -ggdb0 -c a.c
-g -grecord-gcc-switches -gno-record-gcc-switches -gstrict-dwarf -gcolumn-info -c a.c
-g -gz -c a.c
-g -gz=none -c a.c
-gsplit-dwarf -c a.c -o o/x.o
--debug -c a.c
--debug=2 -c a.c
--coverage -c a.c -o o/x.o
-coverage -c a.c
-fprofile-arcs -ftest-coverage -c a.c
--profile -c a.c
-save-temps -c a.c -o o/x.o
-save-temps=obj -c a.c -o o/x.o
--save-temps -c a.c
-fstack-usage -c a.c -o o/x.o
-fdump-tree-optimized -O1 -c a.c
-pipe -c a.c
--pipe -c a.c
-v -c a.c
--verbose -c a.c
-H -c a.c
--trace-includes -c a.c
-ftime-report -c a.c
-time -c a.c
-Wp,-DVALUE=3 -c a.c
-Xpreprocessor -DVALUE=3 -c a.c
-Wa,--noexecstack -c a.c
-Xassembler --noexecstack -c a.c
--for-assembler --noexecstack -c a.c
--for-assembler=--noexecstack -c a.c
-Wl,-z,now main.c -o prog
-Xlinker -z -Xlinker now main.c -o prog
--for-linker=-znow main.c -o prog
--for-linker -znow main.c -o prog
-fplugin=./no.so -c a.c
-fplugin-arg-no-x=1 -c a.c
-static -c a.c
--static -shared -c a.c
--shared -pie -c a.c
-no-pie main.c -o prog
-static-pie -c a.c
-nostdlib -nostartfiles -nodefaultlibs -nolibc --no-standard-libraries -c a.c
-r -nostdlib a.c b.c -o both.o
-s main.c -o prog
-t main.c -o prog
-rdynamic main.c -o prog
-lm -l m -L d -Ld -c a.c
--library-directory=d --library-directory d -c a.c
-T my.map -Tmy.map -u f -uf -z now -znow -e f -ef -c a.c
--force-link=f --force-link f -c a.c
-static-libgcc -shared-libgcc main.c -o prog
-fuse-ld=bfd main.c -o prog
"""

GCC = """
-dumpspecs
-dumpfullversion
--completion=-fno-lt
-fstack-usage -dumpbase other.c -dumpbase-ext .c -dumpdir o/ -c a.c
-fstack-usage --dumpbase other.c --dumpbase-ext .c --dumpdir o/ -c a.c
-aux-info proto.X -c a.c
-aux-info=proto.X -c a.c
--output-pch= x.gch -c a.c
--output-pch=x.gch -c a.c
-fcallgraph-info -c a.c
-fcallgraph-info=su -c a.c
-fopt-info-vec=opt.txt -O2 -c a.c
-fsave-optimization-record -c a.c
-fdiagnostics-format=sarif-file -c warns.c
-fdiagnostics-format=json-file -c warns.c
-time=times.txt -c a.c
--time -c a.c
-Q -c a.c
-fmem-report -c a.c
-fcompare-debug -c a.c
-fcompare-debug=-O1 -c a.c
-flinker-output=rel -c a.c
-flto -ffat-lto-objects -c a.c
-fauto-profile -c a.c
-fauto-profile=no.afdo -c a.c
-fdirectives-only -E a.c
-fpch-deps -MMD -c a.c
-fpch-preprocess -E a.c
-iplugindir=d -c a.c
-wrapper ./wrap.sh -c a.c
-imultiarch d -remap -c a.c
-no-sysroot-suffix -c a.c
--no-sysroot-suffix -c a.c
--machine=64 --machine-no-red-zone -c a.c
-no-integrated-cpp -c a.c
--no-integrated-cpp -c a.c
-E -traditional a.c
-E --traditional a.c
-pass-exit-codes -c wrong.c
--pass-exit-codes -c wrong.c
-fintrinsic-modules-path d -c a.c
-J d -c a.c
-Hd d -Hf x.h -Xf x.json -c a.c
-gnatO x -gnatp -c a.c
-gtoggle -c a.c
-g -gdescribe-dies -ggnu-pubnames -gpubnames -c a.c
-g -O2 -ginline-points -gstatement-frontiers -gvariable-location-views -c a.c
-g -O2 -gvariable-location-views=incompat5 -ginternal-reset-location-views -c a.c
-g -gas-loc-support -gas-locview-support -c a.c
-posix -c a.c
-nocpp -c a.c
-shared-libasan -c a.c
-static-libasan -static-libtsan -static-liblsan -static-libubsan -static-libstdc++ -c a.c
--static-pie -c a.c
--pie --no-pie -c a.c
-symbolic -c a.c
--symbolic -export-dynamic -c a.c
--entry=main --entry main main.c -o prog
--script=my.map main.c -o prog
-h x -R /d -Tbss=0 -Tbss 0 -Tdata 0 -Ttext 0 -c a.c
"""

CLANG = """
--help-hidden
--autocomplete=-fno-lt
-ccc-print-phases -c a.c
-ccc-print-bindings -c a.c
--analyze a.c
--precompile header.h
-emit-llvm -c a.c
-emit-ast a.c
-emit-interface-stubs a.c
-extract-api header.h
-rewrite-objc a.c
-rewrite-legacy-objc a.c
-verify-pch no.pch
-ObjC -c a.c
-ObjC++ -c a.c
-fembed-bitcode -c a.c
-cc1 -fsyntax-only a.c
-cc1as asm.s
--driver-mode=gcc -c a.c
--driver-mode=g++ -c a.c
--cuda-gpu-arch=sm_50 -c a.c
--offload-arch=sm_50 -c a.c
-fopenmp-targets=nvptx64 -c a.c
-include-pch no.pch -c a.c
-emit-pch -c header.h
-relocatable-pch -x c-header header.h
-arch x -c a.c
-arch x -arch y -c a.c
-target x86_64-linux-gnu -c a.c
--target=x86_64-linux-gnu -c a.c
-mllvm -inline-threshold=1 -O1 -c a.c
-mmlir -x -c a.c
-meabi gnu -c a.c
-mthread-model posix -c a.c
--gcc-toolchain=d --gcc-install-dir=d --gcc-triple=x -c a.c
-gcc-toolchain d -c a.c
-resource-dir d -c a.c
-resource-dir=d -c a.c
--config my.cfg -c a.c
--config=my.cfg --config-system-dir=d --config-user-dir=d --no-default-config -c a.c
-working-directory d -c b.b.c
-working-directory=d -c b.b.c
-ccc-gcc-name x -ccc-install-dir d -c a.c
-b x -c a.c
-V 1 -c a.c
-G 4 -c a.c
-darwin-target-variant x -darwin-target-variant-triple y -c a.c
-fno-integrated-as -S a.c
-via-file-asm --via-file-asm -canonical-prefixes -c a.c
-cxx-isystem d -stdlib++-isystem d -isystem-after d -iwithsysroot d -c a.c
-iframework d -iframeworkwithsysroot d -iapinotes-modules d -c a.c
-ivfsoverlay overlay.yaml -c a.c
-vfsoverlay overlay.yaml -c a.c
--vfsoverlay overlay.yaml -c a.c
-nobuiltininc -nostdlibinc -ibuiltininc --embed-dir=d -c a.c
--system-header-prefix=d --system-header-prefix d --no-system-header-prefix=e -c a.c
--no-system-header-prefix e -c a.c
-g -fdebug-compilation-dir /there -c a.c
-g -fdebug-compilation-dir=/there -c a.c
-fmodules-user-build-path d -c a.c
-fnew-alignment 8 -fnew-alignment=16 -c a.c
-ftrapv-handler h -ftrapv-handler=h -c a.c
-fexperimental-openacc-macro-override 1 -c a.c
-flto=thin -c a.c
-stdlib=libc++ --stdlib=libc++ -c a.c
--stdlib libc++ -c a.c
-rtlib=libgcc --rtlib=libgcc --rtlib libgcc -unwindlib=none --unwindlib=none -c a.c
-Qunused-arguments -lm -c a.c
--start-no-unused-arguments -lm --end-no-unused-arguments -c a.c
-Qn -Qy -c a.c
-Rpass=inline -O2 -c a.c
-validator-version 1.0 -hlsl-entry m -c a.c
-object-file-name=x.o -c a.c
-fpass-plugin=./no.so -c a.c
-fprofile-instr-generate -fcoverage-mapping -c a.c
-fprofile-instr-use=no.profdata -c a.c
-MMD -MV -c a.c
-MJ db.json -c a.c
-dependency-file x.d -c a.c
-dependency-dot x.dot -c a.c
-module-dependency-dir d -gen-cdb-fragment-path d -c a.c
-dsym-dir d -c a.c
-serialize-diagnostics x.dia -c warns.c
--serialize-diagnostics x.dia -c warns.c
-ftime-trace -c a.c -o o/x.o
-ftime-trace=t.json -c a.c
-fsave-optimization-record -c a.c
-fsave-optimization-record=yaml -c a.c
-foptimization-record-file=x.yaml -c a.c
-fproc-stat-report -c a.c
-fproc-stat-report=stat.txt -c a.c
-save-stats -c a.c
-save-stats=obj -c a.c
--save-temps=obj -c a.c -o o/x.o
-index-store-path d -c a.c
--analyzer-output text -c a.c
--analyzer-output=text -c a.c
-Xclang -fno-math-errno -c a.c
-Xclang=-fno-math-errno -c a.c
-Xclangas -x -c a.c
-Xclangas=-x -c a.c
-Xanalyzer -analyzer-stats -Xarch_x -O2 -Xarch_device -O2 -Xarch_host -O2 -c a.c
-Xcuda-fatbinary x -Xcuda-ptxas x -Xopenmp-target -O2 -Xopenmp-target=x -O2 -c a.c
-Xoffload-linker x -Xthinlto-distributor=x -c a.c
-T my.map -Tbss=0 -Tdata=0 -Ttext=0 -Tbss 0 -rpath d --ld-path=ld -c a.c
-static-libsan -shared-libsan -static-openmp -undefined x -c a.c
-filelist x -c a.c
-framework x -weak_framework x -lazy_framework x -reexport_framework x -c a.c
-weak_library x -lazy_library x -reexport_library x -force_load x -c a.c
-install_name x -dylinker_install_name x -compatibility_version 1 -current_version 1 -c a.c
-bundle_loader x -client_name x -allowable_client x -dylib_file x -c a.c
-exported_symbols_list x -unexported_symbols_list x -image_base 0 -init f -c a.c
-multiply_defined x -multiply_defined_unused x -pagezero_size 0 -read_only_relocs x -c a.c
-seg1addr 0 -seg_addr_table x -seg_addr_table_filename x -segs_read_write_addr 0 -c a.c
-segs_read_only_addr 0 -sub_library x -sub_umbrella x -umbrella x -c a.c
-weak_reference_mismatches x -c a.c
-sectalign a b 4 -sectcreate a b my.map -sectorder a b my.map -c a.c
-segcreate a b my.map -segprot a b c -sectobjectsymbols a b -segaddr a 0 -c a.c
"""

# What broke launchers and caches: the command lines that their issues tell of.
HARD = r"""
-MF x.d -c a.c
-MD -MF x.d -MF y.d -c a.c
-MD -MF=x.d -c a.c
-MD -MF x.d -c a.c -o o/x.o
-MD -MF/dev/null -c a.c
-MD -MF - -c a.c
-MMD -MT 'two words' -MT 'dol$lar' -MQ 'dol$lar two' -c a.c
-MD -MT a -MQ a -MP -MG -c a.c
-MD -c a.c -o o/noext
-MD -c a.c -o o/x.y.z
-MD -c a.c -o o/.x
-MD -c d/b.b.c
-MD -c 'sp ace.c'
-MD -c 'ha#sh.c'
-MD -c 'dol$lar.c'
-MD -c a.c -o 'o/sp ace.o'
-MMD -S a.c -o o/x.s
-MD -E a.c -o o/x.i
-MD -fsyntax-only a.c
-MD a.c main.c -o prog
-MMD main.c
-MMD d/b.b.c
-MDx.d -c a.c
-MM -MD a.c
-MM -MD -o x.o a.c
-M -MF x.d a.c
-M a.c -o x.d
-M -c a.c -o x.o
-MD -MMD -c a.c
-Wp,-MD,x.d -c a.c
-Wp,-MMD,o/.x.d -c a.c -o o/x.o
-Wp,-MD,x.d,-MT,target -c a.c
-Wp,-MMD,x.d,-MT,target,-DVALUE=4 -c a.c
-Wp,-MD -Wp,x.d -c a.c
-Wp,-MD,x.d -Wp,-MP -c a.c
-MD -MF y.d -Wp,-MMD,x.d -c a.c
-Wp,-E -c a.c
-Xpreprocessor -MD -Xpreprocessor x.d -c a.c
-Xclang -dependency-file -Xclang x.d -Xclang -MT -Xclang t -c a.c
-Xclang -load -Xclang ./no.so -c a.c
-Xclang -emit-llvm -c a.c
-c a.c -o /dev/null
-MD -c a.c -o /dev/null
-MD -MF x.d -c a.c -o /dev/null
-c a.c -o x.o -o y.o
-c -c a.c
-c a.c a.c
-c a.c b.c
-c a.c b.c -o x.o
-c a.c wrong.c b.c
-c a.c no.c
-c no.c
-c -o x.o
-c
-o x.o
-c -S a.c
-S -E a.c
-E -c -o x.i a.c
-fsyntax-only -S a.c
-S -o - a.c
-E -o - a.c
-c -o - a.c
-c -o -c a.c
-c -o o a.c
-c -o no/such/x.o a.c
-c -- a.c
-xc -
-x c - -c
-x c -c - -o x.o
-x c /dev/null -c -o x.o
-xc /dev/null -E
-E -dM -
-E -dM -x c - -o x.i
-E -P -x c - -v
-x c++ -c a.c
-x assembler -c asm.s
-x assembler-with-cpp -c asm.S
-x none -c a.c
-x nonsense -c a.c
-x ada -c a.c
-x cpp-output -c pre.i
-x c-header header.h
-x c -c noext -x none asm.S
-c header.h -o header.h.gch
-c asm.S
-c asm.s -o x.o
-c asm.S a.c
-c plus.cc
-c plus.cc a.c
-c pre.i
-c pre.i -fdirectives-only -fpreprocessed
-c noext
noext
main.c a.c asm.S -o prog
-g main.c -o prog
main.c -lm -o prog
-c -gsplit-dwarf -g1 d/b.b.c
-gsplit-dwarf -c a.c -o o/x.y
-c -g -fdebug-prefix-map=.=/src a.c
-c -g -ffile-prefix-map=a=b -fmacro-prefix-map=when=then when.c
-c -fstack-usage a.c b.c
-c --coverage d/b.b.c -o o/cov.o
-c -fprofile-generate a.c -o o/x.o
-c -fprofile-generate=prof a.c
-c -fprofile-use a.c
-c -fprofile-use=prof -O2 a.c
-c -fprofile-dir=prof --coverage a.c
-c -save-temps=cwd a.c -o o/x.o
-save-temps main.c -o o/prog
-save-temps=obj main.c -o o/prog
-save-temps -pipe -c a.c
-c -DSTRING='"a b"' -DNUMBER=1 macros.c
-c '-DSTRING="a\"b\\c"' -DNUMBER='(1 + 2)' macros.c
-c -DSTRING=\"\" -D NUMBER=3 macros.c
-c -DSTRING='"$HOME `x` \\\\"' -DNUMBER=0 macros.c
-c -DNUMBER -c macros.c
-D
-c a.c -D
-c a.c -o
-c a.c -I
-I '' -c a.c
-I '' '' -c a.c
'' -c a.c
-c '' a.c
-c a.c -include
-c a.c -include a.h -include d/x.h
-c a.c -imacros a.h -DVALUE=8
-c a.c -isystem -c b.c
-c a.c -Iinc -iquote inc
-c a.c -x
-c a.c -Xlinker
-c a.c -Wl,-rpath,$ORIGIN -Wl,-rpath -Wl,'$ORIGIN/../lib'
-c a.c -frandom-seed=a.c
-c warns.c -Wall -fdiagnostics-color=always
-c warns.c -Wall -fdiagnostics-color=never
-c wrong.c -fdiagnostics-format=json
-c wrong.c -fno-diagnostics-show-caret
-c wrong.c
-c wrong.c -o x.o
-c wrong.c -MD -o o/x.o
-c warns.c -Wall -Werror
-c warns.c -Wall -Werror=unused-variable -o x.o
-c warns.c -Wall -Wno-error -Wfatal-errors
-c a.c -Wno-such-warning
-c a.c -Wsuch-a-warning
-c a.c -fno-such-option
-c a.c --no-such-option
-c a.c -unknown
-c a.c @words.rsp
@words.rsp
@nested.rsp -o x.o
@blank.rsp -c a.c
@long.rsp
@no.rsp -c a.c
-c a.c -o @no.rsp
-c a.c -DAT=@ -D@x
-c a.c -flto -fno-lto -flto=2
-c a.c -flto -fno-fat-lto-objects -o o/x.o
-c a.c -fno-lto
-c a.c -fsanitize=undefined
-c a.c -fno-integrated-as
-c a.c -fplugin=no
-c a.c -wrapper ./wrap.sh
-c a.c -Wa,-adhlns=a.lst
-c a.c -Wa,--MD,x.d
-c a.c -Wa,-L,-W
-c a.c -ftrapv -fwrapv -fPIC -fpic -fno-pic
-c a.c -nostdinc -isystem d
-c a.c -v
-v
-v main.c -o prog
-### main.c
-Q --help=target
-print-libgcc-file-name
-print-multi-lib
-print-multiarch
-print-sysroot
--version -c a.c
-dumpmachine -c a.c
-c ./a.c -o ./o/x.o
-c ./d/../a.c
-c a.c -no-pie -static -rdynamic -s -lm -L.
-c a.c a.h
-c a.c main.o
-c a.c -fpch-preprocess
-c a.c -C
-c -P a.c
-c a.c -dD
-c a.c -m64 -m32 -m64
-c a.c -O0 -O3 -Os -Ofast -O
-c a.c -std=gnu11 -std=c89 -ansi
-shared -fPIC a.c -o lib.so
-shared -fPIC -Wl,--version-script,my.map a.c b.c -o lib.so
-r a.c -o x.o -nostdlib
-c a.c -frecord-gcc-switches
-c a.c -ggdb3 -gdwarf-5 -fdebug-types-section
-c a.c -g -fworking-directory
-c a.c -g -fno-working-directory
-c a.c -fopenmp
-c a.c -fmax-errors=1
-c a.c -O2 -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=2
-c a.c -O2 -Wp,-D_FORTIFY_SOURCE=2 -Wp,-D_GLIBCXX_ASSERTIONS
-c a.c -specs=/no/such/file
-c a.c -I 'o/with space' -I'o/with space'
-c a.c -Xclang -fuse-ctor-homing
-c a.c -Xarch_host -include -Xarch_host d/x.h
-c a.c -fmodules
-c a.c -mno-avx -fcf-protection=none
-c a.c -B/nowhere
-c angle.c -Iinc
-c angle.c
a.c
wrong.c -o prog
"""

# Lines that depend on what the environment says to the compiler.
ENVIRONMENTS = (
    ({"SUNPRO_DEPENDENCIES": "sun.d"}, "-c a.c"),
    ({"SUNPRO_DEPENDENCIES": "sun.d target"}, "-MMD -c a.c -o o/x.o"),
    ({"DEPENDENCIES_OUTPUT": "out.d target"}, "-c a.c"),
    ({"CPATH": "inc"}, "-MD -c angle.c"),
    ({"CPATH": ""}, "-c angle.c"),
    ({"CPATH": "inc:"}, "-MD -c angle.c"),
    ({"CPATH": ":d"}, "-MD -c angle.c"),
    ({"C_INCLUDE_PATH": "inc"}, "-MMD -c angle.c"),
    ({"CPATH": "d", "C_INCLUDE_PATH": "inc"}, "-MMD -c angle.c"),
    ({"COMPILER_PATH": "d", "LIBRARY_PATH": "d"}, "-c a.c"),
    ({"GCC_COLORS": "error=31"}, "-c wrong.c -fdiagnostics-color=always"),
    ({"LC_ALL": "en_US.UTF-8", "LANG": "de_DE.UTF-8"}, "-c wrong.c"),
    ({"SOURCE_DATE_EPOCH": "1"}, "-c when.c -g"),
    ({"TMPDIR": "/nowhere"}, "-c a.c"),
    ({"CCC_OVERRIDE_OPTIONS": "# +-g"}, "-c a.c"),
    ({"PATH": "/usr/bin:/bin", "PWD": "/elsewhere"}, "-g -c a.c"),
    ({"PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"}, "-c a.c"),
)

# Words that no shell-like spelling shows well.
HARD_WORDS = (
    ("-c", "macros.c", '-DSTRING="two\nlines"', "-DNUMBER=1"),
    ("-c", "macros.c", '-DSTRING="tab\there"', "-DNUMBER=1\n+ 1"),
    ("-c", "macros.c", '-DSTRING="\u00e9\u4e2d"', "-DNUMBER=1"),
    ("-c", "a.c", *(f"-DMANY_{n}={'x' * 50}" for n in range(2000))),
    ("-c", "a.c", "-o", "o/\u00e9.o", "-MD"),
)

# --- units with idioms: all is the same but the objects, which link and run ---

IDIOM = """#include <stdio.h>
#include <sc/static_call.h>

static int one(int x) { return x + 1; }
static int two(int x) { return x + 2; }

DEFINE_STATIC_CALL(key, one);

int main(void)
{
    printf("%d", static_call(key)(1));
    static_call_update(key, two);
    printf(" %d\\n", static_call(key)(1));
    return 0;
}
"""
SAYS = "2 3\n"

IDIOM_FILES = {
    "idiom.c": IDIOM,
    "idiom.txt": IDIOM,
    "warns.c": IDIOM.replace("printf", "int unused; printf", 1),
    "wrong.c": IDIOM.replace("return x + 1", "return undeclared"),
    "sp ace.c": IDIOM,
    "uses.h": IDIOM.partition("int main")[0],
    "rest.c": "int main" + IDIOM.partition("int main")[2],
    "b.c": "int g(int x)\n{\n    return x * 2;\n}\n",
    "idiom.rsp": "-c 'idiom.c' -O1 @o.rsp",
    "o.rsp": '-o "o/sp ace.o" \'-DX="a b"\'',
    "o/keep": "",
}

# The lines, and the object that one of them leaves.
IDIOMS = [
    ("-c idiom.c", "idiom.o"),
    ("-O2 -g -MMD -MP -MF o/x.d -c idiom.c -o o/x.o", "o/x.o"),
    ("-Wp,-MMD,o/.x.o.d -O2 -c idiom.c -oo/x.o", "o/x.o"),
    ("-MD -MT 'a b' -MQ '$x' -c 'sp ace.c'", "sp ace.o"),
    ("-MD -O1 -c b.c idiom.c", "idiom.o"),
    ("-Wall -Wextra -O2 -c warns.c", "warns.o"),
    ("-Wall -fdiagnostics-color=always -c warns.c -o o/x.o", "o/x.o"),
    ("-Wall -Werror -c warns.c", ""),
    ("-c wrong.c -MD", ""),
    ("-c b.c wrong.c", ""),
    ("-save-temps -O2 -c idiom.c", "idiom.o"),
    ("-save-temps=obj -c idiom.c -o o/x.o", "o/x.o"),
    ("-fstack-usage -O2 -c idiom.c -o o/x.o", "o/x.o"),
    ("-g -gsplit-dwarf -c idiom.c -o o/x.o", "o/x.o"),
    ("-pipe -fPIC -O3 -c idiom.c", "idiom.o"),
    ("-include uses.h -MD -c rest.c", "rest.o"),
    ("-x c -c idiom.txt -o o/x.o", "o/x.o"),
    ("@idiom.rsp -MMD -c", "o/sp ace.o"),
    ("-E idiom.c -o idiom.i", ""),
    ("-M idiom.c", ""),
    ("-fsyntax-only -Wall warns.c", ""),
    ("-c idiom.c -o /dev/null", ""),
    ("-Wa,--noexecstack -ffunction-sections -fno-asynchronous-unwind-tables -c idiom.c", "idiom.o"),
    ("-DUNUSED='\"a b\"' -std=gnu99 -O2 -MMD -c idiom.c -o o/x.o", "o/x.o"),
]
