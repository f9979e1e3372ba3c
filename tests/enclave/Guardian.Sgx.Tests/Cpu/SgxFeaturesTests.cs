using Guardian.Sgx.Cpu;

namespace Guardian.Sgx.Tests.Cpu;

public class SgxFeaturesTests
{
    private static readonly Dictionary<(uint, uint), CpuIdRegisters> Coffee = new()
    {
        // A Xeon E-2288G, from the list of the project SGX-hardware.
        [(0, 0)] = new(0x16, 0x756e_6547, 0x6c65_746e, 0x4965_6e69),
        [(1, 0)] = new(0x0009_06ed, 0x0010_0800, 0x7ffa_fbff, 0xbfeb_fbff),
        [(7, 0)] = new(0, 0x029c_6fbf, 0x4000_0000, 0xbc00_2e00),
        [(0x12, 0)] = new(0x1, 0, 0, 0x241f),
        [(0x12, 1)] = new(0x36, 0, 0x1f, 0),
        [(0x12, 2)] = new(0x7020_0001, 0, 0x05d8_0001, 0),
    };

    [Fact]
    public void A_processor_with_one_section_is_read()
    {
        var features = SgxFeatures.Read((leaf, subleaf) => Coffee.GetValueOrDefault((leaf, subleaf)));
        Assert.True(
            features is { IsIntel: true, IsVirtual: false, Sgx: true, LaunchControl: true, Sgx1: true, Sgx2: false, ProvisionKey: true });
        Assert.Equal(new EpcSectionInfo(0x7020_0000, 0x05d8_0000, HasIntegrity: true), Assert.Single(features.Sections));
        Assert.Equal((6u, 158u, 13u), features.Signature);
    }

    [Fact]
    public void Sections_above_four_gibibytes_and_of_several_sockets_are_read()
    {
        var two = new Dictionary<(uint, uint), CpuIdRegisters>(Coffee)
        {
            [(0x12, 2)] = new(0x00c0_0001, 0x10, 0xfe00_0002, 0xf),
            [(0x12, 3)] = new(0x0040_0001, 0x20, 0xfe00_0002, 0xf),
        };
        Assert.Equal(
            [new EpcSectionInfo(0x10_00c0_0000, 0xf_fe00_0000, false), new EpcSectionInfo(0x20_0040_0000, 0xf_fe00_0000, false)],
            SgxFeatures.Read((leaf, subleaf) => two.GetValueOrDefault((leaf, subleaf))).Sections);
    }

    [Fact]
    public void A_processor_without_SGX_has_nothing_else_of_it()
    {
        var features = SgxFeatures.Read((leaf, subleaf) => leaf == 7 ? default : Coffee.GetValueOrDefault((leaf, subleaf)));
        Assert.True(features is { IsIntel: true, Sgx: false, Sgx1: false, ProvisionKey: false, Sections: [] });
    }

    [Fact]
    public void No_answer_is_too_strange()
    {
        Assert.Equal(64,
            SgxFeatures.Read(
            (_, _) => new CpuIdRegisters(uint.MaxValue - 0xE, uint.MaxValue, uint.MaxValue, uint.MaxValue)).Sections.Count);
        Assert.Empty(SgxFeatures.Read((_, _) => default).Sections);
    }
}
