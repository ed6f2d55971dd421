//! The registry: every detector, one file and one guide each. To add one, write `x.rs` and `x.md` and add two lines here.

use crate::detector::Detector;

mod always_on_notebook;
mod cloudwatch_log_growth;
mod cloudwatch_metric_growth;
mod cross_az_traffic;
mod dev_nights_weekends;
mod dynamodb_standard_ia;
mod eks_extended_support;
mod elasticache_extended_support;
mod failing_lambda;
mod gp2_to_gp3;
mod graviton_ec2;
mod graviton_elasticache;
mod graviton_fargate;
mod graviton_opensearch;
mod graviton_rds;
mod idle_classic_load_balancer;
mod idle_client_vpn;
mod idle_dynamodb_table;
mod idle_ebs_volume;
mod idle_ec2;
mod idle_elasticache;
mod idle_gateway_load_balancer_endpoint;
mod idle_kinesis_stream;
mod idle_load_balancer;
mod idle_magnetic_volume;
mod idle_nat_gateway;
mod idle_network_firewall;
mod idle_provisioned_concurrency;
mod idle_public_ipv4;
mod idle_rds;
mod idle_s3_bucket;
mod idle_sagemaker_endpoint;
mod idle_transit_gateway_attachment;
mod idle_vpc_endpoint;
mod inter_region_traffic;
mod io1_to_gp3;
mod io1_to_io2;
mod lambda_arm64;
mod nat_gateway_traffic;
mod old_snapshot;
mod opensearch_extended_support;
mod opensearch_gp2_to_gp3;
mod previous_generation_ec2;
mod previous_generation_elasticache;
mod previous_generation_opensearch;
mod previous_generation_rds;
mod quiet_classic_load_balancer;
mod quiet_load_balancer;
mod quiet_nat_gateway;
mod rds_extended_support;
mod rightsize_ebs;
mod rightsize_ec2;
mod rightsize_elasticache;
mod rightsize_fargate;
mod rightsize_lambda;
mod rightsize_opensearch;
mod rightsize_rds;
mod s3_storage_class;
mod snapshot_archive;
mod stopped_rds;
mod unused_reservation;
mod unused_savings_plan;
mod volume_of_stopped_instance;
mod workspaces_auto_stop;

/// Every detector, by id.
pub static ALL: &[&Detector] = &[
    &always_on_notebook::DETECTOR,
    &cloudwatch_log_growth::DETECTOR,
    &cloudwatch_metric_growth::DETECTOR,
    &cross_az_traffic::DETECTOR,
    &dev_nights_weekends::DETECTOR,
    &dynamodb_standard_ia::DETECTOR,
    &eks_extended_support::DETECTOR,
    &elasticache_extended_support::DETECTOR,
    &failing_lambda::DETECTOR,
    &gp2_to_gp3::DETECTOR,
    &graviton_ec2::DETECTOR,
    &graviton_elasticache::DETECTOR,
    &graviton_fargate::DETECTOR,
    &graviton_opensearch::DETECTOR,
    &graviton_rds::DETECTOR,
    &idle_classic_load_balancer::DETECTOR,
    &idle_client_vpn::DETECTOR,
    &idle_dynamodb_table::DETECTOR,
    &idle_ebs_volume::DETECTOR,
    &idle_ec2::DETECTOR,
    &idle_elasticache::DETECTOR,
    &idle_gateway_load_balancer_endpoint::DETECTOR,
    &idle_kinesis_stream::DETECTOR,
    &idle_load_balancer::DETECTOR,
    &idle_magnetic_volume::DETECTOR,
    &idle_nat_gateway::DETECTOR,
    &idle_network_firewall::DETECTOR,
    &idle_provisioned_concurrency::DETECTOR,
    &idle_public_ipv4::DETECTOR,
    &idle_rds::DETECTOR,
    &idle_s3_bucket::DETECTOR,
    &idle_sagemaker_endpoint::DETECTOR,
    &idle_transit_gateway_attachment::DETECTOR,
    &idle_vpc_endpoint::DETECTOR,
    &inter_region_traffic::DETECTOR,
    &io1_to_gp3::DETECTOR,
    &io1_to_io2::DETECTOR,
    &lambda_arm64::DETECTOR,
    &nat_gateway_traffic::DETECTOR,
    &old_snapshot::DETECTOR,
    &opensearch_extended_support::DETECTOR,
    &opensearch_gp2_to_gp3::DETECTOR,
    &previous_generation_ec2::DETECTOR,
    &previous_generation_elasticache::DETECTOR,
    &previous_generation_opensearch::DETECTOR,
    &previous_generation_rds::DETECTOR,
    &quiet_classic_load_balancer::DETECTOR,
    &quiet_load_balancer::DETECTOR,
    &quiet_nat_gateway::DETECTOR,
    &rds_extended_support::DETECTOR,
    &rightsize_ebs::DETECTOR,
    &rightsize_ec2::DETECTOR,
    &rightsize_elasticache::DETECTOR,
    &rightsize_fargate::DETECTOR,
    &rightsize_lambda::DETECTOR,
    &rightsize_opensearch::DETECTOR,
    &rightsize_rds::DETECTOR,
    &s3_storage_class::DETECTOR,
    &snapshot_archive::DETECTOR,
    &stopped_rds::DETECTOR,
    &unused_reservation::DETECTOR,
    &unused_savings_plan::DETECTOR,
    &volume_of_stopped_instance::DETECTOR,
    &workspaces_auto_stop::DETECTOR,
];
