using Guardian.OpenStack.Placement;

namespace Guardian.OpenStack.Tests;

public class EpcTests
{
    [Theory]
    [InlineData("host_sgx_epc_0", 0)]
    [InlineData("host_sgx_epc_12", 12)]
    [InlineData("host", null)]
    [InlineData("host_sgx_epc_", null)]
    [InlineData("host_sgx_epc_-1", null)]
    [InlineData("host2_sgx_epc_1", null)]
    public void A_section_is_known_by_its_provider_s_name(string provider, int? node) =>
        Assert.Equal(node, Epc.FindNode("host", provider));

    [Theory]
    [InlineData("resources:CUSTOM_SGX_EPC_MB=8", 8)]
    [InlineData("resources1:CUSTOM_SGX_EPC_MB=8;resources_b:CUSTOM_SGX_EPC_MB=16", 24)]
    [InlineData("sgx:epc_size=32", 0)]
    [InlineData("sgx:epc_size=32;resources:CUSTOM_SGX_EPC_MB=8", 8)]
    [InlineData("resources:CUSTOM_SGX_EPC_MB=-8", 0)]
    [InlineData("resources:CUSTOM_SGX_EPC_MB=99999999999999999999", 0)]
    [InlineData("trait:HW_CPU_X86_SGX=required", 0)]
    public void A_flavor_s_extra_specs_say_how_much_Nova_claims_for_it(string specs, long expected) =>
        Assert.Equal(expected, Epc.ReadRequest(Parse(specs)));

    [Theory]
    [InlineData("sgx:epc_size=1024", 1024)]
    [InlineData("sgx:epc_size=1024;trait:HW_CPU_X86_SGX=required", 1024)]
    [InlineData("sgx:epc_size=32;resources:CUSTOM_SGX_EPC_MB=8", 0)]
    [InlineData("sgx:epc_size=0", 0)]
    [InlineData("sgx:epc_size=many", 0)]
    [InlineData("resources:CUSTOM_SGX_EPC_MB=8", 0)]
    public void A_flavor_that_asks_where_nobody_claims_is_known(string specs, long expected) =>
        Assert.Equal(expected, Epc.ReadUnclaimedRequest(Parse(specs)));

    private static Dictionary<string, string> Parse(string specs) =>
        specs.Split(';').ToDictionary(spec => spec.Split('=')[0], spec => spec.Split('=')[1]);
}
