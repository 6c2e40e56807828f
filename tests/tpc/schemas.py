"""The tables of TPC-H and TPC-DS as their specifications name them.

One line per table: its name and number of rows here, then its columns. A column is `name:type`, where the type is
i (int), m (decimal(15,2) in TPC-H, decimal(7,2) in TPC-DS), d (date), s (string) or the table that it is a key of.
"""

from __future__ import annotations

TPCH = """
region 5: r_regionkey:key r_name:s r_comment:s
nation 25: n_nationkey:key n_name:s n_regionkey:region n_comment:s
supplier 40: s_suppkey:key s_name:s s_address:s s_nationkey:nation s_phone:s s_acctbal:m s_comment:s
customer 150: c_custkey:key c_name:s c_address:s c_nationkey:nation c_phone:s c_acctbal:m c_mktsegment:s c_comment:s
part 120: p_partkey:key p_name:s p_mfgr:s p_brand:s p_type:s p_size:i p_container:s p_retailprice:m p_comment:s
partsupp 480: ps_partkey:part ps_suppkey:supplier ps_availqty:i ps_supplycost:m ps_comment:s
orders 900: o_orderkey:key o_custkey:customer o_orderstatus:s o_totalprice:m o_orderdate:d o_orderpriority:s
 o_clerk:s o_shippriority:i o_comment:s
lineitem 3600: l_orderkey:orders l_partkey:part l_suppkey:supplier l_linenumber:i l_quantity:m l_extendedprice:m
 l_discount:m l_tax:m l_returnflag:s l_linestatus:s l_shipdate:d l_commitdate:d l_receiptdate:d l_shipinstruct:s
 l_shipmode:s l_comment:s
"""

TPCDS = """
call_center 6: cc_call_center_sk:key cc_call_center_id:s cc_rec_start_date:d cc_rec_end_date:d
 cc_closed_date_sk:date_dim cc_open_date_sk:date_dim cc_name:s cc_class:s cc_employees:i cc_sq_ft:i cc_hours:s
 cc_manager:s cc_mkt_id:i cc_mkt_class:s cc_mkt_desc:s cc_market_manager:s cc_division:i cc_division_name:s
 cc_company:i cc_company_name:s cc_street_number:s cc_street_name:s cc_street_type:s cc_suite_number:s cc_city:s
 cc_county:s cc_state:s cc_zip:s cc_country:s cc_gmt_offset:m cc_tax_percentage:m
catalog_page 60: cp_catalog_page_sk:key cp_catalog_page_id:s cp_start_date_sk:date_dim cp_end_date_sk:date_dim
 cp_department:s cp_catalog_number:i cp_catalog_page_number:i cp_description:s cp_type:s
catalog_returns 400: cr_returned_date_sk:date_dim cr_returned_time_sk:time_dim cr_item_sk:item
 cr_refunded_customer_sk:customer cr_refunded_cdemo_sk:customer_demographics
 cr_refunded_hdemo_sk:household_demographics cr_refunded_addr_sk:customer_address cr_returning_customer_sk:customer
 cr_returning_cdemo_sk:customer_demographics cr_returning_hdemo_sk:household_demographics
 cr_returning_addr_sk:customer_address cr_call_center_sk:call_center cr_catalog_page_sk:catalog_page
 cr_ship_mode_sk:ship_mode cr_warehouse_sk:warehouse cr_reason_sk:reason cr_order_number:i cr_return_quantity:i
 cr_return_amount:m cr_return_tax:m cr_return_amt_inc_tax:m cr_fee:m cr_return_ship_cost:m cr_refunded_cash:m
 cr_reversed_charge:m cr_store_credit:m cr_net_loss:m
catalog_sales 2500: cs_sold_date_sk:date_dim cs_sold_time_sk:time_dim cs_ship_date_sk:date_dim
 cs_bill_customer_sk:customer cs_bill_cdemo_sk:customer_demographics cs_bill_hdemo_sk:household_demographics
 cs_bill_addr_sk:customer_address cs_ship_customer_sk:customer cs_ship_cdemo_sk:customer_demographics
 cs_ship_hdemo_sk:household_demographics cs_ship_addr_sk:customer_address cs_call_center_sk:call_center
 cs_catalog_page_sk:catalog_page cs_ship_mode_sk:ship_mode cs_warehouse_sk:warehouse cs_item_sk:item
 cs_promo_sk:promotion cs_order_number:i cs_quantity:i cs_wholesale_cost:m cs_list_price:m cs_sales_price:m
 cs_ext_discount_amt:m cs_ext_sales_price:m cs_ext_wholesale_cost:m cs_ext_list_price:m cs_ext_tax:m cs_coupon_amt:m
 cs_ext_ship_cost:m cs_net_paid:m cs_net_paid_inc_tax:m cs_net_paid_inc_ship:m cs_net_paid_inc_ship_tax:m
 cs_net_profit:m
customer 200: c_customer_sk:key c_customer_id:s c_current_cdemo_sk:customer_demographics
 c_current_hdemo_sk:household_demographics c_current_addr_sk:customer_address c_first_shipto_date_sk:date_dim
 c_first_sales_date_sk:date_dim c_salutation:s c_first_name:s c_last_name:s c_preferred_cust_flag:s c_birth_day:i
 c_birth_month:i c_birth_year:i c_birth_country:s c_login:s c_email_address:s c_last_review_date_sk:date_dim
 c_last_review_date:s
customer_address 100: ca_address_sk:key ca_address_id:s ca_street_number:s ca_street_name:s ca_street_type:s
 ca_suite_number:s ca_city:s ca_county:s ca_state:s ca_zip:s ca_country:s ca_gmt_offset:m ca_location_type:s
customer_demographics 200: cd_demo_sk:key cd_gender:s cd_marital_status:s cd_education_status:s
 cd_purchase_estimate:i cd_credit_rating:s cd_dep_count:i cd_dep_employed_count:i cd_dep_college_count:i
date_dim 1827: d_date_sk:key d_date_id:s d_date:d d_month_seq:i d_week_seq:i d_quarter_seq:i d_year:i d_dow:i
 d_moy:i d_dom:i d_qoy:i d_fy_year:i d_fy_quarter_seq:i d_fy_week_seq:i d_day_name:s d_quarter_name:s d_holiday:s
 d_weekend:s d_following_holiday:s d_first_dom:i d_last_dom:i d_same_day_ly:i d_same_day_lq:i d_current_day:s
 d_current_week:s d_current_month:s d_current_quarter:s d_current_year:s
household_demographics 80: hd_demo_sk:key hd_income_band_sk:income_band hd_buy_potential:s hd_dep_count:i
 hd_vehicle_count:i
income_band 20: ib_income_band_sk:key ib_lower_bound:i ib_upper_bound:i
inventory 3000: inv_date_sk:date_dim inv_item_sk:item inv_warehouse_sk:warehouse inv_quantity_on_hand:i
item 120: i_item_sk:key i_item_id:s i_rec_start_date:d i_rec_end_date:d i_item_desc:s i_current_price:m
 i_wholesale_cost:m i_brand_id:i i_brand:s i_class_id:i i_class:s i_category_id:i i_category:s i_manufact_id:i
 i_manufact:s i_size:s i_formulation:s i_color:s i_units:s i_container:s i_manager_id:i i_product_name:s
promotion 20: p_promo_sk:key p_promo_id:s p_start_date_sk:date_dim p_end_date_sk:date_dim p_item_sk:item p_cost:m
 p_response_target:i p_promo_name:s p_channel_dmail:s p_channel_email:s p_channel_catalog:s p_channel_tv:s
 p_channel_radio:s p_channel_press:s p_channel_event:s p_channel_demo:s p_channel_details:s p_purpose:s
 p_discount_active:s
reason 10: r_reason_sk:key r_reason_id:s r_reason_desc:s
ship_mode 10: sm_ship_mode_sk:key sm_ship_mode_id:s sm_type:s sm_code:s sm_carrier:s sm_contract:s
store 8: s_store_sk:key s_store_id:s s_rec_start_date:d s_rec_end_date:d s_closed_date_sk:date_dim s_store_name:s
 s_number_employees:i s_floor_space:i s_hours:s s_manager:s s_market_id:i s_geography_class:s s_market_desc:s
 s_market_manager:s s_division_id:i s_division_name:s s_company_id:i s_company_name:s s_street_number:s
 s_street_name:s s_street_type:s s_suite_number:s s_city:s s_county:s s_state:s s_zip:s s_country:s s_gmt_offset:m
 s_tax_precentage:m
store_returns 800: sr_returned_date_sk:date_dim sr_return_time_sk:time_dim sr_item_sk:item sr_customer_sk:customer
 sr_cdemo_sk:customer_demographics sr_hdemo_sk:household_demographics sr_addr_sk:customer_address sr_store_sk:store
 sr_reason_sk:reason sr_ticket_number:i sr_return_quantity:i sr_return_amt:m sr_return_tax:m sr_return_amt_inc_tax:m
 sr_fee:m sr_return_ship_cost:m sr_refunded_cash:m sr_reversed_charge:m sr_store_credit:m sr_net_loss:m
store_sales 5000: ss_sold_date_sk:date_dim ss_sold_time_sk:time_dim ss_item_sk:item ss_customer_sk:customer
 ss_cdemo_sk:customer_demographics ss_hdemo_sk:household_demographics ss_addr_sk:customer_address ss_store_sk:store
 ss_promo_sk:promotion ss_ticket_number:i ss_quantity:i ss_wholesale_cost:m ss_list_price:m ss_sales_price:m
 ss_ext_discount_amt:m ss_ext_sales_price:m ss_ext_wholesale_cost:m ss_ext_list_price:m ss_ext_tax:m ss_coupon_amt:m
 ss_net_paid:m ss_net_paid_inc_tax:m ss_net_profit:m
time_dim 288: t_time_sk:key t_time_id:s t_time:i t_hour:i t_minute:i t_second:i t_am_pm:s t_shift:s t_sub_shift:s
 t_meal_time:s
warehouse 5: w_warehouse_sk:key w_warehouse_id:s w_warehouse_name:s w_warehouse_sq_ft:i w_street_number:s
 w_street_name:s w_street_type:s w_suite_number:s w_city:s w_county:s w_state:s w_zip:s w_country:s w_gmt_offset:m
web_page 20: wp_web_page_sk:key wp_web_page_id:s wp_rec_start_date:d wp_rec_end_date:d wp_creation_date_sk:date_dim
 wp_access_date_sk:date_dim wp_autogen_flag:s wp_customer_sk:customer wp_url:s wp_type:s wp_char_count:i
 wp_link_count:i wp_image_count:i wp_max_ad_count:i
web_returns 300: wr_returned_date_sk:date_dim wr_returned_time_sk:time_dim wr_item_sk:item
 wr_refunded_customer_sk:customer wr_refunded_cdemo_sk:customer_demographics
 wr_refunded_hdemo_sk:household_demographics wr_refunded_addr_sk:customer_address wr_returning_customer_sk:customer
 wr_returning_cdemo_sk:customer_demographics wr_returning_hdemo_sk:household_demographics
 wr_returning_addr_sk:customer_address wr_web_page_sk:web_page wr_reason_sk:reason wr_order_number:i
 wr_return_quantity:i wr_return_amt:m wr_return_tax:m wr_return_amt_inc_tax:m wr_fee:m wr_return_ship_cost:m
 wr_refunded_cash:m wr_reversed_charge:m wr_account_credit:m wr_net_loss:m
web_sales 2500: ws_sold_date_sk:date_dim ws_sold_time_sk:time_dim ws_ship_date_sk:date_dim ws_item_sk:item
 ws_bill_customer_sk:customer ws_bill_cdemo_sk:customer_demographics ws_bill_hdemo_sk:household_demographics
 ws_bill_addr_sk:customer_address ws_ship_customer_sk:customer ws_ship_cdemo_sk:customer_demographics
 ws_ship_hdemo_sk:household_demographics ws_ship_addr_sk:customer_address ws_web_page_sk:web_page
 ws_web_site_sk:web_site ws_ship_mode_sk:ship_mode ws_warehouse_sk:warehouse ws_promo_sk:promotion ws_order_number:i
 ws_quantity:i ws_wholesale_cost:m ws_list_price:m ws_sales_price:m ws_ext_discount_amt:m ws_ext_sales_price:m
 ws_ext_wholesale_cost:m ws_ext_list_price:m ws_ext_tax:m ws_coupon_amt:m ws_ext_ship_cost:m ws_net_paid:m
 ws_net_paid_inc_tax:m ws_net_paid_inc_ship:m ws_net_paid_inc_ship_tax:m ws_net_profit:m
web_site 6: web_site_sk:key web_site_id:s web_rec_start_date:d web_rec_end_date:d web_name:s
 web_open_date_sk:date_dim web_close_date_sk:date_dim web_class:s web_manager:s web_mkt_id:i web_mkt_class:s
 web_mkt_desc:s web_market_manager:s web_company_id:i web_company_name:s web_street_number:s web_street_name:s
 web_street_type:s web_suite_number:s web_city:s web_county:s web_state:s web_zip:s web_country:s web_gmt_offset:m
 web_tax_percentage:m
"""


def tables(schema: str) -> dict[str, tuple[int, dict[str, str]]]:
    """By table: its number of rows, and the types of its columns by name."""
    lines: list[str] = []
    for line in schema.strip().split("\n"):
        if line.startswith(" "):
            lines[-1] += line
        else:
            lines.append(line)
    found = {}
    for line in lines:
        head, _, columns = line.partition(": ")
        name, count = head.split()
        kinds = dict(column.split(":") for column in columns.split())
        found[name] = (int(count), kinds)
    return found
