using System.Net;
using System.Text;
using System.Text.Json;
using Automation.Server.Secrets;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Server.Tests.Secrets;

public sealed class SecretRedactorTests
{
    private const string Value = "pa55/w+rd=\"x&y\" ü";

    /// <summary>
    /// Where the text holds the value in two readings, the shorter one may win: one escape that is the value's own text, as <c>&amp;amp;</c> in <c>x&amp;amp;\</c>, leaves
    /// over what the longer reading has there, each character of it spelled.
    /// </summary>
    private const int LongestRest = SpelledCharacter.Longest * SpelledCharacter.Longest;

    public static TheoryData<string> Echoes => new(
        Value,
        Uri.EscapeDataString(Value),
        Uri.EscapeDataString(Value).Replace("%20", "+", StringComparison.Ordinal),
        Uri.EscapeDataString(Value).Replace("%2F", "%2f", StringComparison.Ordinal).Replace("%2B", "%2b", StringComparison.Ordinal).Replace("%3D", "%3d", StringComparison.Ordinal).Replace("%C3%BC", "%c3%bc", StringComparison.Ordinal),
        JsonSerializer.Serialize(Value)[1..^1],
        WebUtility.HtmlEncode(Value),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Value)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Value)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("u:" + Value + ";")),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("ab:" + Value)).Replace('+', '-').Replace('/', '_'));

    [Theory]
    [MemberData(nameof(Echoes))]
    public void Mask_FindsTheValueInEveryForm(string echo)
    {
        var masked = Redactor(("PASSWORD", Value)).Mask($"you sent <{echo}>, thanks");
        Assert.Contains("•••", masked, StringComparison.Ordinal);
        // No run of ten characters of the echo survives.
        for (var i = 0; i + 10 <= echo.Length; i++) Assert.DoesNotContain(echo.Substring(i, 10), masked, StringComparison.Ordinal);
    }

    [Fact]
    public void Mask_FindsTheTellingPartsOfAnAddress()
    {
        var redactor = Redactor(("SLACK", "https://hooks.example.com/services/T0123456789/B0123456789/q1w2e3r4t5?key=k0k1k2k3k4"));
        var masked = redactor.Mask("no /services/T0123456789/B0123456789/q1w2e3r4t5 here; q1w2e3r4t5; k0k1k2k3k4; hooks.example.com");
        Assert.DoesNotContain("q1w2e3r4t5", masked, StringComparison.Ordinal);
        Assert.DoesNotContain("k0k1k2k3k4", masked, StringComparison.Ordinal);
        Assert.DoesNotContain("hooks.example.com", masked, StringComparison.Ordinal);
    }

    [Fact]
    public void Mask_TakesTheLongestFirst() =>
        Assert.Equal("[•••] [•••]", Redactor(("SHORT", "abcdef"), ("LONG", "abcdef-and-more")).Mask("[abcdef-and-more] [abcdef]"));

    [Fact]
    public void Mask_LeavesValuesAloneThatAreTooShort() => Assert.Equal("1 of 100", Redactor(("PIN", "1")).Mask("1 of 100"));

    [Fact]
    public void Mask_HidesTheBeginningOfAValueWhereTheTextWasCut()
    {
        var redactor = Redactor(("TOKEN", "0123456789abcdef"));
        Assert.Equal("token: •••", redactor.Mask("token: 0123456789ab", cut: true));
        Assert.Equal("token: 0123456789ab", redactor.Mask("token: 0123456789ab"));
    }

    [Fact]
    public void Mask_OverwritesBytes()
    {
        byte[] bytes = [0xFF, .. "secret-value"u8, 0xFE];
        Redactor(("A", "secret-value")).Mask(bytes);
        Assert.Equal([0xFF, .. "************"u8, 0xFE], bytes);
    }

    [Theory]
    [InlineData("p&ss+w<rd12", @"p\u0026ss+w\u003crd12")]
    [InlineData("p&ss+w<rd12", "p&amp;ss&#43;w&#x3C;rd12")]
    [InlineData("p&ss+w<rd12", "p%26ss%2bw%3crd12")]
    [InlineData("päss/wörd 1", @"p\u00e4ss\/w\u00F6rd 1")]
    [InlineData("päss/wörd 1", "p%c3%a4ss%2Fw&ouml;rd+1")]
    [InlineData("key😀😀", @"key\ud83d\ude00%F0%9F%98%80")]
    [InlineData("50%41x", "50%41x")]
    [InlineData("50%41x", "50%2541x")]
    [InlineData(@"c:\new", @"c:\\new")]
    public void Mask_FindsTheValueInOtherProgramsSpellings(string value, string echo)
    {
        var redactor = Redactor(("PASSWORD", value));
        Assert.Equal("you sent [•••]", redactor.Mask($"you sent [{echo}]"));
        var bytes = Encoding.UTF8.GetBytes($"\0[{echo}]");
        redactor.Mask(bytes);
        Assert.Equal("\0[" + new string('*', Encoding.UTF8.GetByteCount(echo)) + "]", Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void Mask_FindsTheValue_WhateverTheSpellingOfEachCharacter() =>
        Prop.ForAll(Spelled.ToArbitrary(), sample =>
        {
            var redactor = Redactor(("A", sample.Value));
            var masked = redactor.Mask($"[{sample.Spelling}]");
            Assert.StartsWith("[•••", masked, StringComparison.Ordinal);
            Assert.True(masked.Length <= "[•••]".Length + LongestRest, masked);
            var bytes = Encoding.UTF8.GetBytes($"[{sample.Spelling}]");
            redactor.Mask(bytes);
            Assert.InRange(bytes.Count(b => b != '*'), 2, 2 + LongestRest);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void Mask_HidesTheBeginningOfASpelledValue_WhereverTheTextWasCut() =>
        Prop.ForAll(Spelled.ToArbitrary(), sample =>
        {
            var text = $"[{sample.Spelling}";
            for (var length = 4 * SpelledCharacter.Longest; length < text.Length; length++)
                Assert.StartsWith("[•••", Redactor(("A", sample.Value)).Mask(text[..length], cut: true), StringComparison.Ordinal);
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Mask_LeavesTheRestAsItIs_WhenThereIsNoValue() =>
        Prop.ForAll(Spelled.ToArbitrary(), sample =>
        {
            Assert.Same(sample.Spelling, Redactor(("A", sample.Value + "[]")).Mask(sample.Spelling));
        }).Check(Config.QuickThrowOnFailure);

    [Theory]
    [InlineData("a", "%61")]
    [InlineData("\\", "\\")]
    [InlineData("\\", "\\\\")]
    [InlineData("%25", "%25")]
    public void Mask_OfALongValueThatRepeatsItself_EndsInALongText(string unit, string spelling)
    {
        var value = string.Concat(Enumerable.Repeat(unit, 20_000)) + "[";
        var text = string.Concat(Enumerable.Repeat(spelling, 100_000));
        Assert.Same(text, Redactor(("A", value)).Mask(text));
    }

    private static Gen<(string Value, string Spelling)> Spelled =>
        Gen.Elements("a", "1", "2", "5", "6", "u", "0", "x", "n", "\\", "%", "&", ";", "#", "+", " ", "/", "\"", "<", "é", "😀", "amp;")
            .SelectMany(text => Gen.OneOf(
                Gen.Constant((text, text)),
                Spelling(text, unit => $"\\u{(int)unit:x4}"),
                Spelling(text, unit => $"\\u{(int)unit:X4}"),
                Gen.Constant((text, Uri.EscapeDataString(text))),
                Gen.Constant((text, Uri.EscapeDataString(text).ToLowerInvariant())),
                Gen.Constant((text, string.Concat(Encoding.UTF8.GetBytes(text).Select(b => $"%{b:x2}")))),
                Gen.Constant((text, WebUtility.HtmlEncode(text))),
                Gen.Constant((text, string.Concat(text.EnumerateRunes().Select(r => $"&#{r.Value};")))),
                Gen.Constant((text, string.Concat(text.EnumerateRunes().Select(r => $"&#x{r.Value:x};")))),
                Gen.Constant((text, text.Replace(' ', '+'))),
                Gen.Constant((text, text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)))))
            .NonEmptyListOf()
            .Select(parts => (Value: string.Concat(parts.Select(p => p.Item1)), Spelling: string.Concat(parts.Select(p => p.Item2))))
            .Where(sample => sample.Value.Length >= SecretForms.ShortestValue);

    private static Gen<(string Text, string Spelling)> Spelling(string text, Func<char, string> unit) => Gen.Constant((text, string.Concat(text.Select(unit))));

    private static SecretRedactor Redactor(params (string Name, string Value)[] secrets) => new([.. secrets.Select(s => new Secret(s.Name, s.Value))]);
}
