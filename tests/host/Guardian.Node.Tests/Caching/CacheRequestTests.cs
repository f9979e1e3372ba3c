using Guardian.Attestation.Quotes;
using Guardian.Node.Caching;

namespace Guardian.Node.Tests.Caching;

/// <summary>Requests of PCCS clients are checked before anything is looked up.</summary>
public class CacheRequestTests
{
    private const string Pck = "qeid=000102030405060708090A0B0C0D0E0F&cpusvn=00112233445566778899AABBCCDDEEFF&pcesvn=0D00&pceid=0100";

    [Fact]
    public void The_requests_of_Intels_client_are_understood()
    {
        var tcb = Read("/sgx/certification/v4/tcb", "?fmspc=00606A000000");
        Assert.Equal((4, TeeType.Sgx, "00606a000000", "standard"), (tcb.Version, tcb.Tee, tcb.Fmspc, tcb.Edition.Name));
        Assert.Equal("early", Read("/tdx/certification/v4/tcb", "fmspc=00606A000000&update=early").Edition.Name);
        Assert.Equal(17, Read("/sgx/certification/v4/qe/identity", "tcbEvaluationDataNumber=17").Edition.Number);
        Assert.Equal(TeeType.Tdx, Read("/tdx/certification/v4/qe/identity", "").Tee);
        Assert.Equal(CacheDocument.QveIdentity, Read("/sgx/certification/v3/qve/identity", "").Document);
        var list = Read("/sgx/certification/v3/pckcrl", "ca=PLATFORM&encoding=der");
        Assert.Equal((3, "platform", ListEncoding.Der), (list.Version, list.Authority, list.Encoding));
        Assert.Equal(ListEncoding.Hex, Read("/sgx/certification/v4/rootcacrl", "").Encoding);
        const string intel = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
        foreach (var uri in new[] { intel, Uri.EscapeDataString(intel) })
        {
            var root = Read("/sgx/certification/v4/crl", $"uri={uri}");
            Assert.Equal((CacheDocument.RootList, ListEncoding.Der), (root.Document, root.Encoding));
        }
        // PCESVN and PCE-ID are little-endian: 0D00 is 13.
        var pck = Read("/sgx/certification/v4/pckcert", Pck + "&encrypted_ppid=" + new string('0', 768)).Pck!;
        Assert.Equal(("000102030405060708090a0b0c0d0e0f-0100", (ushort)13), (pck.Host, pck.PceSvn));
        Assert.Equal("00112233445566778899AABBCCDDEEFF", Convert.ToHexString(pck.CpuSvn.Span));
    }

    [Theory]
    [InlineData("/sgx/certification/v4/tcb", "")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A00000")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A00000g")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A000000&fmspc=00606A000000")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A000000&update=late")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A000000&update=early&tcbEvaluationDataNumber=17")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A000000&tcbEvaluationDataNumber=-1")]
    [InlineData("/sgx/certification/v4/tcb", "fmspc=00606A000000&tcbEvaluationDataNumber=early")]
    [InlineData("/sgx/certification/v4/pckcrl", "ca=root")]
    [InlineData("/sgx/certification/v4/pckcrl", "ca=platform&encoding=base64")]
    [InlineData("/sgx/certification/v4/pckcert", "qeid=00&cpusvn=00&pcesvn=0D00&pceid=0100")]
    [InlineData("/sgx/certification/v4/crl", "")]
    [InlineData("/sgx/certification/v4/crl", "uri=http://169.254.169.254/latest")]
    [InlineData("/sgx/certification/v4/pckcert", "&&==&")]
    public void A_malformed_parameter_is_refused(string path, string query) =>
        Assert.Equal((null, 400), CacheRequest.Read(path, query));

    [Theory]
    [InlineData("/")]
    [InlineData("/sgx/certification/v2/tcb")]
    [InlineData("/tdx/certification/v3/tcb")]
    [InlineData("/sgx/certification/v4/../v4/tcb")]
    [InlineData("/sgx/certification/v4/platforms")]
    [InlineData("/SGX/certification/v4/tcb")]
    public void Another_path_does_not_exist(string path) => Assert.Equal((null, 404), CacheRequest.Read(path, "fmspc=00606A000000"));

    [Fact]
    public void A_long_query_is_not_read()
    {
        Assert.Equal((null, 400), CacheRequest.Read("/sgx/certification/v4/tcb", "fmspc=00606A000000&a=" + new string('0', 2048)));
        var many = string.Join('&', Enumerable.Range(0, 20).Select(each => $"a{each}=1"));
        Assert.Equal((null, 400), CacheRequest.Read("/sgx/certification/v4/tcb", "fmspc=00606A000000&" + many));
    }

    [Fact]
    public void A_file_of_the_retrieval_tool_is_read_line_by_line()
    {
        var (ppid, qeId) = (new string('a', 768), "000102030405060708090A0B0C0D0E0F");
        var line = $"{ppid},0100,{new string('0', 32)},0D00,{qeId}";
        var host = Assert.Single(HostsFile.TryRead($"{line}\r\n\n{line},00ff\n")!);
        Assert.Equal(("000102030405060708090a0b0c0d0e0f-0100", "0100", ppid), (host.Name, host.PceId, host.EncryptedPpid));
        Assert.Null(HostsFile.TryRead(line[1..]));
        Assert.Null(HostsFile.TryRead($"{line},00,00"));
        Assert.Null(HostsFile.TryRead("EncryptedPPID,PCE_ID"));
        Assert.Empty(HostsFile.TryRead("")!);
    }

    private static CacheRequest Read(string path, string query)
    {
        var (request, status) = CacheRequest.Read(path, query);
        Assert.Equal(200, status);
        return request!;
    }
}
