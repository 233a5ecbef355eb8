# The pages of `millrace report`, each one self-contained file that is embedded in the program.
#
#   millrace_report_pages(TARGET)
#
# puts the styles and scripts of reports/page/ into its templates run.html and campaign.html: a line
# {{include NAME}} becomes that file. The results are in <build>/generated/report_pages/, and in
# TARGET as "reports/embedded.h" (embed.cmake). The target `report_pages` makes them alone. What is left to fill in is {{data}}.

set(MILLRACE_REPORT_PAGE_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/report_page_script.cmake")

function(millrace_report_pages TARGET)
  set(folder "${PROJECT_SOURCE_DIR}/reports/page")
  file(GLOB parts CONFIGURE_DEPENDS "${folder}/*")
  set(pages "")
  foreach(name run campaign)
    set(page "${PROJECT_BINARY_DIR}/generated/report_pages/${name}.html")
    add_custom_command(
      OUTPUT "${page}"
      COMMAND "${CMAKE_COMMAND}" "-DTEMPLATE=${folder}/${name}.html" "-DPAGE=${page}"
              -P "${MILLRACE_REPORT_PAGE_SCRIPT}"
      DEPENDS ${parts} "${MILLRACE_REPORT_PAGE_SCRIPT}"
      COMMENT "Writing the report page ${name}.html"
      VERBATIM)
    list(APPEND pages "${page}")
  endforeach()
  add_custom_target(report_pages ALL DEPENDS ${pages})
  millrace_embed(${TARGET} reports ${pages})
endfunction()
