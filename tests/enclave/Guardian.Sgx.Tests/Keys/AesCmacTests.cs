using Guardian.Sgx.Keys;

namespace Guardian.Sgx.Tests.Keys;

public class AesCmacTests
{
    // RFC 4493, section 4.
    [Theory]
    [InlineData("", "bb1d6929e95937287fa37d129b756746")]
    [InlineData("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c")]
    [InlineData("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411", "dfa66747de9ae63030ca32611497c827")]
    [InlineData(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
        "51f0bebf7e3b9d92fc49741779363cfe")]
    public void The_vectors_of_RFC_4493_hold(string message, string expected)
    {
        var mac = new byte[16];
        AesCmac.Compute(Convert.FromHexString("2b7e151628aed2a6abf7158809cf4f3c"), Convert.FromHexString(message), mac);
        Assert.Equal(expected, Convert.ToHexStringLower(mac));
    }
}
