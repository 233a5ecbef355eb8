# Install rules and the CMake package `millrace`: targets millrace::sim (the simulated world) and
# millrace::main (with harness and command), and the functions millrace_discover_scenarios,
# millrace_embed, millrace_mark_list and millrace_build_info. Headers go to include/millrace, at their
# repository paths.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/millrace")
set(exported millrace_xxhash millrace_tomlplusplus)
set_target_properties(millrace_xxhash PROPERTIES EXPORT_NAME xxhash)
set_target_properties(millrace_tomlplusplus PROPERTIES EXPORT_NAME tomlplusplus)

# The store itself (system/ but for base and env, properties/, scenarios/) is a program, not a library.
millrace_existing_modules(modules base env fiber kernel devices faults run reports command)
get_property(bundles GLOBAL PROPERTY MILLRACE_BUNDLES)
foreach(bundle IN LISTS bundles)
  list(APPEND modules millrace_${bundle})
  get_property(header TARGET millrace_${bundle} PROPERTY MILLRACE_HEADER)
  if(header)
    install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/millrace")
  endif()
endforeach()

foreach(target IN LISTS exported modules)
  get_target_property(header_set ${target} HEADER_SET)
  if(header_set OR header_set STREQUAL "")
    install(TARGETS ${target} EXPORT millrace_targets
      ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
      FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/millrace")
  else()
    install(TARGETS ${target} EXPORT millrace_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  endif()
endforeach()
if(TARGET millrace)
  install(TARGETS millrace RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(EXPORT millrace_targets NAMESPACE millrace:: DESTINATION "${package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/millraceConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/millraceConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/millraceConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/millraceConfig.cmake"
  "${PROJECT_BINARY_DIR}/millraceConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/build_info.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/build_info_script.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/marks.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/marks_script.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/millrace_discover.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/millrace_discover_script.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/write_if_changed.cmake"
  DESTINATION "${package_dir}")
