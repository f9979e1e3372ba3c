using Guardian.OpenStack.Setup;

namespace Guardian.OpenStack.Tests;

public class HostRoomTests
{
    [Theory]
    [InlineData("64", "8", false, 8)]
    [InlineData("60", "8", false, 7)]
    [InlineData("12,12", "16", false, 0)]
    [InlineData("12,20", "16", false, 1)]
    [InlineData("32,32", "16,16", false, 2)]
    [InlineData("32,32", "16,16", true, 2)]
    [InlineData("64", "16,16", false, 2)]
    [InlineData("64", "16,16", true, 0)]
    [InlineData("8,64", "16,8", true, 1)]
    [InlineData("", "8", false, 0)]
    public void A_servers_parts_of_EPC_are_placed_on_sections(string sections, string parts, bool isIsolated, long expected) =>
        Assert.Equal(expected, new HostRoom(1000, 1_000_000, 1000, Parse(sections)).Count(1, 128, 0, Parse(parts), isIsolated));

    [Theory]
    [InlineData(3, 1_000_000, 1000, 3)]
    [InlineData(1000, 4096, 1000, 2)]
    [InlineData(1000, 1_000_000, 20, 1)]
    [InlineData(0, 1_000_000, 1000, 0)]
    public void The_scarcest_resource_decides(long vcpus, long ram, long disk, long expected) =>
        Assert.Equal(expected, new HostRoom(vcpus, ram, disk, [1024]).Count(1, 2048, 20, [8], isIsolated: false));

    private static long[] Parse(string numbers) =>
        [.. numbers.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(number => long.Parse(number, null))];
}
