using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Collateral;

namespace Guardian.Attestation.Tests.Verification;

/// <summary>The encodings in which services, tools and people have revocation lists.</summary>
public sealed class RevocationListFormTests
{
    private static readonly byte[] List =
        CollateralFiles.DecodeList(File.ReadAllBytes(Repository.File(
            "tests", "vectors", "dcap", "tdx4-uptodate", "root_ca_crl.der"))).ToArray();

    [Theory]
    [InlineData("DER")]
    [InlineData("hex")]
    [InlineData("HEX\r\n")]
    [InlineData("lines of hex")]
    [InlineData("base64")]
    [InlineData("lines of base64")]
    [InlineData("PEM")]
    [InlineData("PEM with NUL")]
    public void A_list_is_read_in_each_encoding(string form)
    {
        var hex = Convert.ToHexStringLower(List);
        var pem = PemEncoding.WriteString("X509 CRL", List);
        Assert.NotEmpty(List);
        Assert.Equal(List, CollateralFiles.DecodeList(form switch
        {
            "DER" => List,
            "hex" => Encoding.ASCII.GetBytes(hex),
            "HEX\r\n" => Encoding.ASCII.GetBytes(hex.ToUpperInvariant() + "\r\n"),
            "lines of hex" => Encoding.ASCII.GetBytes(string.Join('\n', hex.Chunk(60).Select(line => new string(line)))),
            "base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(List)),
            "lines of base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(List, Base64FormattingOptions.InsertLineBreaks)),
            "PEM" => Encoding.ASCII.GetBytes(pem),
            _ => Encoding.ASCII.GetBytes(pem + "\0"),
        }).ToArray());
    }
}
