# The version is the package's own, read from where the package says it.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../../__init__.py" PACKAGE_VERSION
     REGEX "^__version__ = \"[^\"]+\"" LIMIT_COUNT 1)
string(REGEX REPLACE "^__version__ = \"([^\"]+)\".*" "\\1" PACKAGE_VERSION "${PACKAGE_VERSION}")

# Before 1.0 a minor version may break what the one before it offered.
string(REGEX MATCH "^[0-9]+\\.[0-9]+" _sc_series "${PACKAGE_VERSION}")
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION
   OR PACKAGE_FIND_VERSION VERSION_LESS _sc_series)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
unset(_sc_series)
