using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Identity;

namespace Guardian.Attestation.Tests.Envelopes;

/// <summary>Tools write evidence as PEM under labels of their own.</summary>
public sealed class PemLabelTests
{
    [Theory]
    [InlineData("SGX QUOTE")]
    [InlineData("QUOTE")]
    [InlineData("INTEL SGX DCAP QUOTE V3")]
    [InlineData("ATTESTATION REPORT")]
    public void Evidence_is_found_under_any_label(string label)
    {
        using var key = IdentityKey.Create();
        using var plain = key.CreateClientCertificate(TestPlatform.Now);
        byte[] report = [1, 0, 0, 0, 2, 0, 0, 0, .. BitConverter.GetBytes((ulong)TestPlatform.Quote.Length), .. TestPlatform.Quote];
        foreach (var content in new[] { TestPlatform.Quote, report, Encoding.ASCII.GetBytes(Convert.ToHexString(TestPlatform.Quote)) })
        {
            var pem = PemEncoding.WriteString(label, content);
            foreach (var text in new[]
            {
                pem, $"text before\r\n{pem.ReplaceLineEndings("\r\n")}\r\n",
                $"{plain.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{pem}\n",
            })
            {
                var (envelope, refusal) = EnvelopeReader.Read(Encoding.ASCII.GetBytes(text));
                Assert.True(envelope is not null, refusal?.ToString());
                Assert.Equal(TestPlatform.Quote, envelope.Content.ToArray());
            }
        }
    }

    // A naive reader takes the first quote, and accepts the certificate of a thief.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_quote_beside_a_certificate_does_not_speak_for_its_key(bool isFirst)
    {
        using var key = IdentityKey.Create();
        using var plain = key.CreateClientCertificate(TestPlatform.Now);
        var quote = PemEncoding.WriteString("SGX QUOTE", TestPlatform.Quote);
        var text = isFirst ? $"{quote}\n{plain.ExportCertificatePem()}\n" : $"{plain.ExportCertificatePem()}\n{quote}\n";
        Assert.Equal("no-evidence", EnvelopeReader.Read(Encoding.ASCII.GetBytes(text)).Refusal!.Code);
    }

    [Fact]
    public void No_PEM_is_in_a_PEM_for_ever()
    {
        var pem = PemEncoding.WriteString("QUOTE", TestPlatform.Quote);
        for (var i = 0; i < 3; i++)
        {
            pem = PemEncoding.WriteString("QUOTE", Encoding.ASCII.GetBytes(pem));
        }
        Assert.Equal("no-envelope", EnvelopeReader.Read(Encoding.ASCII.GetBytes(pem)).Refusal!.Code);
    }
}
