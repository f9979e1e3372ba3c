namespace Guardian.Node.Tests;

public sealed class GuestEpcStateTests
{
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
