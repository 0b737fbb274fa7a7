using System.Security.Cryptography;
using System.Text;
using Automation.Mqtt.Access;

namespace Automation.Mqtt.Tests.Access;

public sealed class PasswordFileTests
{
    private static readonly PasswordHash s_right = PasswordHash.Create("right"u8);

    [Fact]
    public void Hash_IsPbkdf2AsItsTextSays()
    {
        var parts = s_right.ToString().Split('$');
        Assert.Equal(["", "pbkdf2-sha256", "210000"], parts[..3]);
        Assert.Equal(16, Convert.FromBase64String(parts[3]).Length);
        var expected = Rfc2898DeriveBytes.Pbkdf2("right", Convert.FromBase64String(parts[3]), 210_000, HashAlgorithmName.SHA256, 32);
        Assert.Equal(expected, Convert.FromBase64String(parts[4]));
        Assert.NotEqual(s_right.ToString(), PasswordHash.Create("right"u8).ToString());
    }

    [Fact]
    public void Hash_VerifiesItsPasswordOnly()
    {
        Assert.True(PasswordHash.TryParse(s_right.ToString(), out var parsed));
        Assert.True(parsed.Verify("right"u8));
        Assert.False(parsed.Verify("wrong"u8));
        Assert.False(parsed.Verify(""u8));
    }

    [Fact]
    public void PasswordOverTheLimit_IsNeverRight_NotEvenByItsBeginning()
    {
        var longest = new byte[PasswordHash.MaximumPasswordBytes];
        var hash = PasswordHash.Create(longest);
        Assert.True(hash.Verify(longest));
        Assert.False(hash.Verify(new byte[PasswordHash.MaximumPasswordBytes + 1]));
        Assert.Throws<ArgumentException>(() => PasswordHash.Create(new byte[PasswordHash.MaximumPasswordBytes + 1]));
        Assert.Throws<ArgumentException>(() => PasswordHash.Create(""u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("right")]
    [InlineData("$pbkdf2-sha1$210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$209999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$10000001$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$+210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$210000$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAA")]
    [InlineData("$pbkdf2-sha256$210000$!AAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("$pbkdf2-sha256$210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=$")]
    public void WeakOrBrokenHash_IsNotTaken(string text)
    {
        Assert.False(PasswordHash.TryParse(text, out _));
        using var file = new ScratchFile("# users", $"anna:{text}");
        var exception = Assert.Throws<InvalidDataException>(() => new PasswordFile(file.Path));
        Assert.Contains($"{file.Path}(2)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownUsers_CostWhatKnownOnesDo_AndRightPasswordsCostOnce()
    {
        using var file = new ScratchFile($"anna:{s_right}");
        using var passwords = new PasswordFile(file.Path);
        Assert.Equal(MqttReasonCode.BadUserNameOrPassword, await CheckAsync(passwords, "bert", "right"));
        Assert.Equal(MqttReasonCode.BadUserNameOrPassword, await CheckAsync(passwords, "anna", "wrong"));
        Assert.Equal(2, passwords.Checks);

        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "anna", "right"));
        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "anna", "right"));
        Assert.Equal(3, passwords.Checks);
        Assert.Equal(MqttReasonCode.BadUserNameOrPassword, await CheckAsync(passwords, "anna", "wrong"));
        Assert.Equal(4, passwords.Checks);
    }

    [Fact]
    public async Task EmptyFile_KnowsNobody_AndTakesAsLong()
    {
        using var file = new ScratchFile();
        using var passwords = new PasswordFile(file.Path);
        Assert.Equal(MqttReasonCode.BadUserNameOrPassword, await CheckAsync(passwords, "anna", "decoy"));
        Assert.Equal(1, passwords.Checks);
    }

    [Fact]
    public async Task ChangedFile_IsReadAtOnce_AndWhatWasRememberedGoesWithTheOldHash()
    {
        var errors = new List<string>();
        using var file = new ScratchFile($"anna:{s_right}");
        using var passwords = new PasswordFile(file.Path, (what, error) => errors.Add($"{what}: {error.Message}"));
        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "anna", "right"));

        file.Write($"anna:{PasswordHash.Create("renewed"u8)}", $"bert:{s_right}");
        Assert.Equal(MqttReasonCode.BadUserNameOrPassword, await CheckAsync(passwords, "anna", "right"));
        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "anna", "renewed"));
        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "bert", "right"));

        file.Write("anna");
        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "bert", "right"));
        Assert.Contains($"{file.Path}(1)", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flood_OfWrongPasswords_IsBounded_AndRememberedUsersStillComeIn()
    {
        using var file = new ScratchFile($"anna:{s_right}");
        using var passwords = new PasswordFile(file.Path, maxParallelChecks: 1, maxWaitingChecks: 2);
        await CheckAsync(passwords, "anna", "right");

        var flood = Enumerable.Range(0, 50).Select(number => CheckAsync(passwords, "anna", $"wrong {number}")).ToList();
        Assert.Equal(MqttReasonCode.Success, await CheckAsync(passwords, "anna", "right"));
        var answers = await Task.WhenAll(flood);

        Assert.Equal([MqttReasonCode.BadUserNameOrPassword, MqttReasonCode.ServerBusy], answers.Distinct().Order());
        Assert.Equal(passwords.Checks - 1, answers.Count(answer => answer == MqttReasonCode.BadUserNameOrPassword));
    }

    [Fact]
    public async Task Memory_OfRightPasswords_HasItsLimit()
    {
        using var file = new ScratchFile($"anna:{s_right}", $"bert:{s_right}");
        using var passwords = new PasswordFile(file.Path, maxRemembered: 1);
        await CheckAsync(passwords, "anna", "right");
        await CheckAsync(passwords, "bert", "right");
        await CheckAsync(passwords, "bert", "right");
        Assert.Equal(2, passwords.Checks);
        await CheckAsync(passwords, "anna", "right");
        Assert.Equal(3, passwords.Checks);
    }

    [Fact]
    public void UserNamedTwice_IsAMistake()
    {
        using var file = new ScratchFile($"anna:{s_right}", $"anna:{s_right}");
        Assert.Contains("(2)", Assert.Throws<InvalidDataException>(() => new PasswordFile(file.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a:b")]
    [InlineData("a\nb")]
    [InlineData("#a")]
    [InlineData(" a")]
    public void NameThatCannotStandInTheFile_IsRefused(string name) => Assert.Throws<ArgumentException>(() => PasswordFile.FormatLine(name, s_right));

    private static Task<MqttReasonCode> CheckAsync(PasswordFile passwords, string name, string password) =>
        passwords.CheckAsync(name, Encoding.UTF8.GetBytes(password)).AsTask();
}
