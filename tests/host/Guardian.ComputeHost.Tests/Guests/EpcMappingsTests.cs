using Guardian.ComputeHost.Guests;

namespace Guardian.ComputeHost.Tests.Guests;

public sealed class EpcMappingsTests
{
    private const string Maps = """
        7fb530bb9000-7fb5313b9000 rw-s 00000000 00:06 115                        /dev/sgx_vepc
        7fb5313b9000-7fb5313ba000 rw-p 00000000 00:00 0
        7fb5413b9000-7fb5453b9000 rw-s 00000000 00:06 116                        /dev/sgx/virt_epc
        7fb5513b9000-7fb5513ba000 r--p 00000000 fe:00 9                          /tmp/dev/sgx_vepc
        7fb5613b9000-7fb5613ba000 r--p 00000000 fe:00 9                          /home/a b/dev/sgx_vepc
        ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
        """;

    [Fact]
    public void Only_mappings_of_the_device_count() => Assert.Equal((8192 + 65_536) * 1024, EpcMappings.SumBytes(Maps.Split('\n')));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1000-2000 r 0 0 0")]
    [InlineData("2000-1000 r 0 0 0 /dev/sgx_vepc")]
    [InlineData("1000-2000-3000 r 0 0 0 /dev/sgx_vepc")]
    [InlineData("-1000-2000 r 0 0 0 /dev/sgx_vepc")]
    [InlineData("0-ffffffffffffffff r 0 0 0 /dev/sgx_vepc")]
    [InlineData("0-ffffffffffffffffff r 0 0 0 /dev/sgx_vepc")]
    [InlineData("- - - - - -")]
    public void Strange_lines_count_nothing(string line) => Assert.Equal(0, EpcMappings.SumBytes([line]));

    [Fact]
    public void No_sum_is_too_large() => Assert.Equal(
        long.MaxValue, EpcMappings.SumBytes(Enumerable.Repeat("0-7fffffffffffffff r 0 0 0 /dev/sgx_vepc", 3)));
}
