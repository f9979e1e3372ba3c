using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Contract;

public class SignedContractTests
{
    private readonly RoomContract contract = TestContract.Read();

    [Fact]
    public void A_contract_that_all_members_signed_is_signed() => Assert.Same(contract, TestContract.Sign(contract).Contract);

    [Fact]
    public void A_missing_signature_is_named()
    {
        Assert.Null(SignedContract.Verify(
            contract, new Dictionary<string, string> { ["agency"] = SignedContract.Sign(contract, TestContract.AgencyKey) },
            out var problems));
        Assert.Equal(["retailer has not signed"], problems);
    }

    [Fact]
    public void A_contract_altered_after_signing_is_refused()
    {
        var altered = TestContract.Read(("minimum_audience: 20", "minimum_audience: 21"));
        Assert.Null(SignedContract.Verify(altered, Signatures(contract, TestContract.RetailerKey), out var problems));
        Assert.Equal(2, problems.Count);
        Assert.All(problems, problem => Assert.Contains("changed after signing", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_stranger_cannot_sign_for_a_member()
    {
        using var stranger = IdentityKey.Create();
        Assert.Null(SignedContract.Verify(contract, Signatures(contract, stranger), out var problems));
        Assert.Single(problems, problem => problem.Contains("retailer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64 at all")]
    [InlineData("AAAA")]
    [InlineData(null)]
    public void What_is_no_signature_is_refused(string? text)
    {
        var signatures = Signatures(contract, TestContract.RetailerKey);
        signatures["agency"] = text!;
        Assert.Null(SignedContract.Verify(contract, signatures, out _));
    }

    private static Dictionary<string, string> Signatures(RoomContract contract, IdentityKey retailer) => new()
    {
        ["agency"] = $"\n {SignedContract.Sign(contract, TestContract.AgencyKey)} \n",
        ["retailer"] = SignedContract.Sign(contract, retailer),
    };
}
