# sc-transform for CMake (3.19 or later):
#
#   find_package(ScTransform REQUIRED)
#   sc_transform_target(prog MODE inline)
#
#   cmake -DCMAKE_PREFIX_PATH="$(sc-transform config --cmake-dir)" -B build
#
# sc_transform_target(<target>
#     [MODE <mode>] [PROFILE sc|linux] [ARCH <arch>] [LOG <file>] [CONFIG <file>]
#     [DYNAMIC <function>=<value>...] [DYNAMIC_LOWERING key|call])
#
#   The C sources of this target, and of no other, are compiled through the
#   launcher with these settings.  The target gets the include path of the plain
#   headers and links the runtime; a static library hands the runtime on to what
#   links it.  A launcher that the target has already, such as ccache, stays, and
#   runs behind.  What was compiled is compiled again when the settings, the file
#   CONFIG or the tool change.
#
# ScTransform::headers   the include path of the plain headers, for targets that
#                        use the idioms untransformed
# ScTransform::runtime   the runtime, compiled by this project's own compiler and
#                        flags, for what is not linked by the above
# SC_TRANSFORM           OFF: the same project built plain, as without the tool
# ScTransform_EXECUTABLE the program

if(CMAKE_VERSION VERSION_LESS 3.19)
  set(ScTransform_FOUND FALSE)
  set(ScTransform_NOT_FOUND_MESSAGE "ScTransform needs CMake 3.19 or later")
  return()
endif()
get_property(_sc_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT "C" IN_LIST _sc_languages)
  set(ScTransform_FOUND FALSE)
  set(ScTransform_NOT_FOUND_MESSAGE "ScTransform needs the language C: project(... LANGUAGES C)")
  return()
endif()

cmake_policy(PUSH)
cmake_policy(VERSION 3.19...3.30)

option(SC_TRANSFORM "Compile targets of sc_transform_target() through sc-transform" ON)

# Beside an installed package, or in a checkout's environment, or in PATH.
find_program(ScTransform_EXECUTABLE sc-transform
             HINTS "${CMAKE_CURRENT_LIST_DIR}/../../../../../../bin"
                   "${CMAKE_CURRENT_LIST_DIR}/../../../.venv/bin"
             DOC "The program of sc-transform")
if(NOT ScTransform_EXECUTABLE)
  set(ScTransform_FOUND FALSE)
  set(ScTransform_NOT_FOUND_MESSAGE "the program sc-transform is not in PATH")
  cmake_policy(POP)
  return()
endif()

# Words that the tool prints, quoted for a shell, as a list.
function(_sc_transform_ask result)
  execute_process(COMMAND "${ScTransform_EXECUTABLE}" config ${ARGN}
                  OUTPUT_VARIABLE words ERROR_VARIABLE told RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "sc-transform config ${ARGN}: ${told}")
  endif()
  string(STRIP "${words}" words)
  separate_arguments(words UNIX_COMMAND "${words}")
  set(${result} "${words}" PARENT_SCOPE)
endfunction()

if(NOT TARGET sc_transform_headers)
  # How this project calls its compiler, for the arch that it builds for.
  set(_sc_compiler "\"${CMAKE_C_COMPILER}\"")
  if(CMAKE_C_COMPILER_ARG1)
    string(APPEND _sc_compiler " ${CMAKE_C_COMPILER_ARG1}")
  endif()
  if(CMAKE_C_COMPILER_TARGET AND CMAKE_C_COMPILE_OPTIONS_TARGET)
    string(APPEND _sc_compiler
           " ${CMAKE_C_COMPILE_OPTIONS_TARGET}${CMAKE_C_COMPILER_TARGET}")
  endif()
  _sc_transform_ask(_sc_plain --include --runtime --stamp --cc "${_sc_compiler}")
  list(GET _sc_plain 0 ScTransform_INCLUDE_DIR)
  list(GET _sc_plain 1 _sc_runtime)
  list(GET _sc_plain 2 _sc_stamp)

  add_library(sc_transform_headers INTERFACE)
  add_library(ScTransform::headers ALIAS sc_transform_headers)
  target_include_directories(sc_transform_headers INTERFACE "${ScTransform_INCLUDE_DIR}")
  # The program and its files change together: configure again when they do.
  set_property(TARGET sc_transform_headers PROPERTY SC_TRANSFORM_STAMP "${_sc_stamp}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
               "${ScTransform_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/../../__init__.py")

  # A static library: what has transformed units needs its one object, the rest does not.
  add_library(sc_transform_runtime STATIC EXCLUDE_FROM_ALL "${_sc_runtime}")
  # Imported, and no alias: an export of a project names it, instead of asking for it.
  add_library(ScTransform::runtime INTERFACE IMPORTED GLOBAL)
  set_property(TARGET ScTransform::runtime PROPERTY INTERFACE_LINK_LIBRARIES sc_transform_runtime)
  target_include_directories(sc_transform_runtime PRIVATE "${ScTransform_INCLUDE_DIR}")
  target_compile_options(sc_transform_runtime PRIVATE -O2 -w)
  set_target_properties(sc_transform_runtime PROPERTIES
    C_COMPILER_LAUNCHER "" POSITION_INDEPENDENT_CODE ON C_CLANG_TIDY "" C_CPPCHECK ""
    C_INCLUDE_WHAT_YOU_USE "" C_STANDARD 11 C_EXTENSIONS ON INTERPROCEDURAL_OPTIMIZATION OFF)
endif()

function(sc_transform_target target)
  set(one MODE PROFILE ARCH LOG CONFIG DYNAMIC_LOWERING)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "${one}" "DYNAMIC")
  if(NOT TARGET "${target}")
    message(FATAL_ERROR "sc_transform_target: there is no target '${target}'")
  endif()
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "sc_transform_target(${target}): these mean nothing here: "
                        "${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  foreach(file LOG CONFIG)
    if(arg_${file})
      get_filename_component(arg_${file} "${arg_${file}}" ABSOLUTE
                             BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    endif()
  endforeach()
  if(NOT arg_PROFILE STREQUAL "linux")
    target_include_directories("${target}" PRIVATE "${ScTransform_INCLUDE_DIR}")
  endif()
  if(NOT SC_TRANSFORM)
    return()
  endif()

  set(launcher "${ScTransform_EXECUTABLE}" cc)
  foreach(setting ${one})
    if(DEFINED arg_${setting})
      string(TOLOWER "${setting}" option)
      string(REPLACE "_" "-" option "${option}")
      list(APPEND launcher "--sc-${option}=${arg_${setting}}")
    endif()
  endforeach()
  foreach(function ${arg_DYNAMIC})
    list(APPEND launcher "--sc-dynamic=${function}")
  endforeach()
  get_target_property(behind "${target}" C_COMPILER_LAUNCHER)
  if(NOT behind)
    set(behind "")
  endif()
  # Where the whole project is launched by sc-transform, the target's settings take over.
  list(JOIN behind "|" words)
  if(words MATCHES "^([^|]*/)?sc-transform\\|cc(\\|--sc-[^|]*)*\\|?(.*)$")
    string(REPLACE "|" ";" behind "${CMAKE_MATCH_3}")
  endif()
  set_property(TARGET "${target}" PROPERTY C_COMPILER_LAUNCHER "${launcher}" ${behind})

  if(NOT arg_PROFILE STREQUAL "linux")
    _sc_transform_link("${target}")
  endif()
  get_target_property(stamp sc_transform_headers SC_TRANSFORM_STAMP)
  set(made "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.sc-transform")
  file(CONFIGURE OUTPUT "${made}" CONTENT "${launcher}\n${stamp}\n" @ONLY)
  # Sources may yet be added to the target: look at them when its folder is done.
  cmake_language(EVAL CODE
    "cmake_language(DEFER CALL _sc_transform_depend [[${target}]] [[${made}]] [[${arg_CONFIG}]])")
endfunction()

# By the properties, for either signature of target_link_libraries() may be in use already.
function(_sc_transform_link target)
  set_property(TARGET "${target}" APPEND PROPERTY LINK_LIBRARIES ScTransform::runtime)
  get_target_property(type "${target}" TYPE)
  if(type MATCHES "^(STATIC|OBJECT)_LIBRARY$")
    set_property(TARGET "${target}" APPEND PROPERTY INTERFACE_LINK_LIBRARIES
                 "$<LINK_ONLY:ScTransform::runtime>")
  endif()
endfunction()

function(_sc_transform_depend target)
  get_target_property(sources "${target}" SOURCES)
  get_target_property(folder "${target}" SOURCE_DIR)
  foreach(source ${sources})
    if(source MATCHES "\\.c$")
      set_property(SOURCE "${source}" TARGET_DIRECTORY "${target}"
                   APPEND PROPERTY OBJECT_DEPENDS ${ARGN})
    endif()
  endforeach()
endfunction()

cmake_policy(POP)
