using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Automation.Server.Storage.Management;

/// <summary>The journal's tables as people look at them: read only, nothing tracked. Writing goes through <see cref="Journal"/>.</summary>
/// <remarks>
/// Queries are plain LINQ that every provider translates. Rows are read newest first by id (keyset paging), so rows that arrive between two pages change neither.
/// The model is built when the first query asks for it; a server that is never asked does not pay for it.
/// </remarks>
internal sealed class ManagementDb(DbContextOptions<ManagementDb> options) : DbContext(options)
{
    public DbSet<EventRow> Events => Set<EventRow>();

    public DbSet<RunRow> Runs => Set<RunRow>();

    public DbSet<RunSaveRow> RunSaves => Set<RunSaveRow>();

    public DbSet<WaitRow> Waits => Set<WaitRow>();

    public DbSet<KeyRow> Keys => Set<KeyRow>();

    public DbSet<StepStateRow> StepStates => Set<StepStateRow>();

    public DbSet<FirstEventRow> FirstEvents => Set<FirstEventRow>();

    public DbSet<FilterCountRow> FilterCounts => Set<FilterCountRow>();

    public DbSet<KeyTimerRow> KeyTimers => Set<KeyTimerRow>();

    public DbSet<DeliveryRow> Deliveries => Set<DeliveryRow>();

    public DbSet<EndpointRow> Endpoints => Set<EndpointRow>();

    public DbSet<SubscriptionRow> Subscriptions => Set<SubscriptionRow>();

    public DbSet<EventTypeRow> EventTypes => Set<EventTypeRow>();

    public DbSet<EmissionRow> Emissions => Set<EmissionRow>();

    public DbSet<PortalLinkRow> PortalLinks => Set<PortalLinkRow>();

    public DbSet<PortalSessionRow> PortalSessions => Set<PortalSessionRow>();

    public DbSet<AttemptRow> Attempts => Set<AttemptRow>();

    public DbSet<VersionRow> Versions => Set<VersionRow>();

    public DbSet<ActivationRow> Activations => Set<ActivationRow>();

    public DbSet<ScheduleRow> Schedules => Set<ScheduleRow>();

    public DbSet<RequestRow> Requests => Set<RequestRow>();

    public DbSet<CaptureRow> Captures => Set<CaptureRow>();

    public DbSet<AuditRow> Audit => Set<AuditRow>();

    public DbSet<AuditStartRow> AuditStart => Set<AuditStartRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        configurationBuilder.Properties<bool>().HaveConversion<Flag>();
        configurationBuilder.Properties<int>().HaveConversion<long>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<EventRow>().ToTable("events").HasMany(e => e.Runs).WithOne(r => r.Event).HasForeignKey(r => r.EventId);
        modelBuilder.Entity<RunRow>().ToTable("runs").HasMany(r => r.Deliveries).WithOne().HasForeignKey(d => d.RunId);
        modelBuilder.Entity<RunSaveRow>().ToTable("run_saves");
        modelBuilder.Entity<WaitRow>().ToTable("waits");
        modelBuilder.Entity<KeyRow>().ToTable("keys").HasKey(k => new { k.WorkflowId, k.Key });
        modelBuilder.Entity<StepStateRow>().ToTable("step_states").HasKey(s => new { s.WorkflowId, s.Key, s.StepId });
        modelBuilder.Entity<FilterCountRow>().ToTable("filter_counts").HasKey(c => new { c.WorkflowId, c.TriggerId });
        modelBuilder.Entity<FirstEventRow>().ToTable("first_events").HasKey(f => new { f.WorkflowId, f.TriggerId, f.Mark });
        modelBuilder.Entity<KeyTimerRow>().ToTable("key_timers").HasKey(t => new { t.WorkflowId, t.Key, t.Target, t.Kind });
        modelBuilder.Entity<DeliveryRow>().ToTable("deliveries").HasMany(d => d.Tries).WithOne().HasForeignKey(a => a.DeliveryId);
        modelBuilder.Entity<EndpointRow>().ToTable("endpoints");
        modelBuilder.Entity<SubscriptionRow>().ToTable("subscriptions").HasKey(s => new { s.EndpointId, s.Pattern });
        modelBuilder.Entity<EventTypeRow>().ToTable("event_types").HasKey(t => t.Name);
        modelBuilder.Entity<EmissionRow>().ToTable("emissions");
        modelBuilder.Entity<PortalLinkRow>().ToTable("portal_links");
        modelBuilder.Entity<PortalSessionRow>().ToTable("portal_sessions").HasKey(s => s.Hash);
        modelBuilder.Entity<AttemptRow>().ToTable("attempts").HasKey(a => new { a.DeliveryId, a.Number });
        modelBuilder.Entity<VersionRow>().ToTable("versions").HasKey(v => new { v.WorkflowId, v.Hash });
        modelBuilder.Entity<AuditRow>().ToTable("audit").Ignore(a => a.Entry);
        modelBuilder.Entity<AuditStartRow>().ToTable("audit_start").HasKey(a => a.One);
        modelBuilder.Entity<ActivationRow>().ToTable("activations");
        modelBuilder.Entity<ScheduleRow>().ToTable("schedules").HasKey(s => new { s.WorkflowId, s.TriggerId });
        modelBuilder.Entity<RequestRow>().ToTable("requests");
        modelBuilder.Entity<CaptureRow>().ToTable("captures").HasKey(c => c.Path);
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(type => type.GetProperties()))
        {
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }
    }

    private sealed class Flag() : ValueConverter<bool, long>(isSet => isSet ? 1 : 0, number => number != 0);

    /// <summary>Times are milliseconds since 1970-01-01 UTC in every database.</summary>
    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(),
        milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
}
