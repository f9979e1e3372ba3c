namespace Guardian.Node.Tests;

public sealed class EpcMappingsTests
{
    private const string Smaps = """
        7fb530bb9000-7fb5313b9000 rw-s 00000000 00:06 115                        /dev/sgx_vepc
        Size:               8192 kB
        KernelPageSize:        4 kB
        Rss:                8192 kB
        VmFlags: rd wr sh mr mw me ms sd
        7fb5313b9000-7fb5313ba000 rw-p 00000000 00:00 0
        Size:                  4 kB
        7fb5413b9000-7fb5453b9000 rw-s 00000000 00:06 116                        /dev/sgx/virt_epc
        Size:              65536 kB
        7fb5513b9000-7fb5513ba000 r--p 00000000 fe:00 9                          /tmp/dev/sgx_vepc
        Size:                  4 kB
        7fb5613b9000-7fb5613ba000 r--p 00000000 fe:00 9                          /home/a b/dev/sgx_vepc
        Size:                  4 kB
        """;

    [Fact]
    public void Only_mappings_of_the_device_count() => Assert.Equal([8192, 65_536], EpcMappings.Read(Smaps.Split('\n')));

    [Fact]
    public void Strange_lines_count_nothing() =>
        Assert.Empty(EpcMappings.Read(["", "x", "Size: 4 kB", "1-2 r 0 0 0 /dev/sgx_vepc", "Size: -4 kB", "Size: 99999999999999999999 kB", "Size:", "- - - - - -"]));

    [Theory]
    [InlineData(8192L, 8192L, 8192L, true)]
    [InlineData(null, 8192L, 8192L, true)]
    [InlineData(8192L, 8192L, 4096L, false)]
    [InlineData(8192L, 4096L, 4096L, false)]
    [InlineData(0L, 8192L, 8192L, false)]
    [InlineData(8192L, 0L, 0L, false)]
    [InlineData(8192L, 8192L, null, false)]
    public void A_guest_is_verified_when_claim_definition_and_mapping_agree(long? claimed, long defined, long? mapped, bool isVerified) =>
        Assert.Equal(isVerified, new GuestEpcState(Guid.Empty, "instance-00000001", 1, claimed, defined, mapped).Problem is null);
}
