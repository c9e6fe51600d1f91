/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PEM_H
#define TESTS_SUPPORT_PEM_H

/* A key pair and its certificate, made with the openssl command for these tests and used nowhere
 * else. */

static const char test_private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCFIUC/qlSko+jU\n"
    "FeSjuSSJeAdNXWM5MrFoI19kjGlsRW+/daRbVcGnGZoEU4LAtHDTfVzqpXfK2HPU\n"
    "i13+sybNX5R6Qwenwn1izId9vROLOQwGwa3GDvNimAmGeCzSAJId4tjZ8RquoUB6\n"
    "edKVs8G/aVo3adc8y8Abv5eyVQZe2mZL0WETecU22+p3QS37EvW9IxmLSx4QS2NZ\n"
    "3HPDGhbPEi/ekrM3Hb04WmGnTe3c7nx0vKIJyzdjbQwXjV8zBPF/hpT4OT96OoQ8\n"
    "aCkYgL394kS3TM4UxZgkNinH/A4o7hI1sitdiYVytaRWGQAWA8I8H9AANPRbi6S0\n"
    "Syr4ZsQRAgMBAAECggEANQtNUbDr3dfDPrHkckmkIbP18ODrVpB4uF4Ttavum2nF\n"
    "Pzt/+7ZdHRfp0px1phOfOt0h5wp8AxIggMjw8Dlwlfbl4ZsQk0q+i92jhLmP7nKR\n"
    "9KU5+IbfeeLLNM1wSlJY5diLf7b94yOz3bjpa6V+ZqZzAE5HKN2kE0pRBoizK5p1\n"
    "cLGOBcFV26hdgQJm6jTNOO5p7P/sTQKFqd3PqUF4uKp0oJGXKk3d9LmfVHY4eUbq\n"
    "+pINK3VEghKAVGlC/6iQ6Tvrjg8gNgS4RXKzcmGn92AplAteUCYI6c1Puk3TqKbL\n"
    "7DcCFZerdSxlrFydsVs4S8xZWtV1L7pOVhT+H79wEwKBgQC8LAmqgaWMV1scKlhl\n"
    "ItfOg7hyvN4P0tbM6aJ0GpYrxajKzJiAknooVlD5m2tA/Nb/b9braFCLkFrczjK1\n"
    "i2uZpUFSvmvVthNXjMwPK/GhiJwfGadytMajqyd09enzVUEX+URAjq7kR92LwJS5\n"
    "yIlUgH0v6IKXGjizXfJuqk8mfwKBgQC1HhbK+RuaHws6ZImIPy2OXzpwL4nSXUo1\n"
    "lV+G7zawfg9H6ecGOnRVt3LUkWqtoBgS9mMy5x7hELO9zKPUMGAKJ7O78Hk9lFI/\n"
    "03yfXKOjA5fzImTXB4EGgOh07vT2q8Ab1pa/MLKcN8+cxmo1+s3gZHB+EmKMBudT\n"
    "liVmtM9tbwKBgFKNv2/ekRKRAJfKvB0ivCsN/s3XrlSi2znrBiqJv3hUr0jJmd5O\n"
    "ZOltdPkNBnDsfCZ0moWMrkmMe1CD5htfn0U5Cv+SKx0HVFUEoEHHtap4lIXQa3YX\n"
    "eU40uIrHmGv46yXpZdgswO3F2ZyGULlxEU7RUBrElwZTqqyGeuWyMidhAoGAcjHD\n"
    "ezxvS9Bw+uMy1+XFqnOeW+eNRUauqHRC48fluofwyI3QrNukR/s/eokpMsmzBBm3\n"
    "V/vjO1KVkYD6dqn9k8mOiFvJhasD5NxKQgxd3EVCw/iWjgFcN6aFalzTtMd7e9Hk\n"
    "AC4LH3YM/7MWemxk7CtHxiV/XvxnVAtiD4zHEB8CgYAnCAaDAcopKmunQLkJGgP/\n"
    "wrz7/f7kggFAYOewTafKSe5IgeYmVN03aaY1U4ZaFxfLblX9myjSTxesBCDw/XGi\n"
    "e5mQgw3XkonPC2Fk18AvFufh7sOIP+H3rneOMBI2cgaBbfd+NajWfUqN0gHRK0nC\n"
    "IfPdgtkPIGPA6VbWT7VRuQ==\n"
    "-----END PRIVATE KEY-----\n";

static const char test_public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhSFAv6pUpKPo1BXko7kk\n"
    "iXgHTV1jOTKxaCNfZIxpbEVvv3WkW1XBpxmaBFOCwLRw031c6qV3ythz1Itd/rMm\n"
    "zV+UekMHp8J9YsyHfb0TizkMBsGtxg7zYpgJhngs0gCSHeLY2fEarqFAennSlbPB\n"
    "v2laN2nXPMvAG7+XslUGXtpmS9FhE3nFNtvqd0Et+xL1vSMZi0seEEtjWdxzwxoW\n"
    "zxIv3pKzNx29OFphp03t3O58dLyiCcs3Y20MF41fMwTxf4aU+Dk/ejqEPGgpGIC9\n"
    "/eJEt0zOFMWYJDYpx/wOKO4SNbIrXYmFcrWkVhkAFgPCPB/QADT0W4uktEsq+GbE\n"
    "EQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char test_certificate_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDIzCCAgugAwIBAgIUGC39Cj7z5fo42rTtzpklMpMRsSgwDQYJKoZIhvcNAQEL\n"
    "BQAwIDEeMBwGA1UEAwwVcmVkb3VidCB0ZXN0IGRlcGxveWVyMCAXDTI2MTEyMTIz\n"
    "NTAwOFoYDzIxMjYxMDI4MjM1MDA4WjAgMR4wHAYDVQQDDBVyZWRvdWJ0IHRlc3Qg\n"
    "ZGVwbG95ZXIwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCFIUC/qlSk\n"
    "o+jUFeSjuSSJeAdNXWM5MrFoI19kjGlsRW+/daRbVcGnGZoEU4LAtHDTfVzqpXfK\n"
    "2HPUi13+sybNX5R6Qwenwn1izId9vROLOQwGwa3GDvNimAmGeCzSAJId4tjZ8Rqu\n"
    "oUB6edKVs8G/aVo3adc8y8Abv5eyVQZe2mZL0WETecU22+p3QS37EvW9IxmLSx4Q\n"
    "S2NZ3HPDGhbPEi/ekrM3Hb04WmGnTe3c7nx0vKIJyzdjbQwXjV8zBPF/hpT4OT96\n"
    "OoQ8aCkYgL394kS3TM4UxZgkNinH/A4o7hI1sitdiYVytaRWGQAWA8I8H9AANPRb\n"
    "i6S0Syr4ZsQRAgMBAAGjUzBRMB0GA1UdDgQWBBTk0DNrcyAVibYdnf25HXrihdQS\n"
    "SDAfBgNVHSMEGDAWgBTk0DNrcyAVibYdnf25HXrihdQSSDAPBgNVHRMBAf8EBTAD\n"
    "AQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBjra96JXD9E+U1VSRhugzyKqSkvEroqZ/S\n"
    "mhqWvpHafXFurZ+O4XvLqQLMXgU4XihDbVXJM0OdJuh/ZzC4zdfZvE9A8ed8JWEK\n"
    "4R2beDTvKcxUS8DFNREfKX1cst5M1okETp2Mhd45zFR+kfRUmdUpxHhEOY9I5Xev\n"
    "hCf5NFFj9PCIHND8C0ChW4+6HOX1e0bNOBePEQ+IGD6bGm8qehg8ygi1prVFReWT\n"
    "84wWo/ru/ZoKcelztGlZcxdddIm3uD0+PjzdcbFwdcszmgsfPwlzhkSiGDfzFbMo\n"
    "J4PdiWd4zVnvaK66gV7OGUV2JgqAm9met9DNSL+VRPTtHcILcl/x\n"
    "-----END CERTIFICATE-----\n";

static const char test_certificate_sha1[] = "b32ad44e8f48e439ebf031e86052bba827e71f5e";
static const char test_certificate_sha256[] =
    "5e8dfb25b3f5f083243bd4c932fdccc23dceda33646be8674daca0507ee0cfe1";

#endif
