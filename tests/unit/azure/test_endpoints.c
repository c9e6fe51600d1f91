/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "azure/endpoints.h"

static void an_unknown_cloud_names_the_nearest(void **state)
{
    (void)state;
    struct rd_endpoints endpoints;
    struct rd_err err;
    assert_int_equal(rd_endpoints_find(RD_STR("AzureUSGoverment"), &endpoints, &err),
                     RD_RC_INVALID);
    assert_non_null(strstr(err.hint, "AzureUSGovernment"));
    assert_int_equal(rd_endpoints_find(RD_STR("azureusgovernment"), &endpoints, &err), RD_RC_OK);
    assert_true(
        rd_endpoints_allow(&endpoints, RD_STR("https://hsm1.managedhsm.usgovcloudapi.net/keys/k")));
}

TESTS(TEST(an_unknown_cloud_names_the_nearest))
